// Writes the seeds that are no text: make_seeds FOLDER makes FOLDER/<target>/<name>.
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "base/check.h"
#include "codec/msgpack.h"
#include "crypto/aes_gcm.h"
#include "identity/pkcs8.h"
#include "identity/sealed_keyfile.h"
#include "package/archive.h"
#include "package/metadata.h"
#include "package/testing/raw_zip.h"
#include "registry/record.h"
#include "wire/net_api.h"
#include "wire/routing_request.h"

namespace fs = std::filesystem;
using namespace kinode;
using package::testing::raw_zip;

namespace {

constexpr std::string_view manifest =
    R"([{"process_name":"chat","process_wasm_path":"/chat.wasm","on_exit":"None","request_networking":false,)"
    R"("request_capabilities":[],"grant_capabilities":[],"public":false}])";
constexpr std::string_view metadata =
    R"({"properties":{"package_name":"chat","publisher":"a.os","current_version":"1","mirrors":[],"code_hashes":{}}})";

void write(const fs::path& file, std::string_view bytes) {
  fs::create_directories(file.parent_path());
  std::ofstream out(file, std::ios::binary);
  out << bytes;
  KINODE_CHECK(out.flush().good(), "{}", file.string());
}

Bytes packed(const std::vector<std::pair<std::string, Bytes>>& files) {
  package::ArchiveWriter writer;
  for (const auto& [name, content] : files) {
    KINODE_CHECK(writer.add_file(name, content).has_value(), "{}", name);
  }
  return *writer.finish();
}

KernelMessage message_with(Message content) {
  const Address source("n.os", ProcessId("a", "b", "c.os"));
  return {7,
          source,
          Address("m.os", ProcessId("d", "e", "f.os")),
          source,
          std::move(content),
          {},
          Blob{"text/plain", Bytes::copy_of("blob\xff")}};
}

void write_messages(const fs::path& folder) {
  const Capability capability = Capability::messaging(Address("n.os", ProcessId("a", "b", "c.os")));
  const AttachedCapability attached{capability, Bytes::copy_of("signature")};
  const KernelMessage request = message_with(Request{true, 5, Bytes::copy_of("body\x80"), "metadata", {attached}});
  const KernelMessage response = message_with(Response{false, Bytes::copy_of("body"), std::nullopt, {}});
  write(folder / "request", codec::encode_kernel_message(request).text());
  write(folder / "response", codec::encode_kernel_message(response).text());
  write(folder / "bin", codec::encode_kernel_message(request, codec::ByteForm::bin).text());
  write(folder / "capability", codec::encode_capability(capability).text());
}

void write_zips(const fs::path& folder) {
  const Bytes package = packed({{"manifest.json", Bytes::copy_of(manifest)}, {"chat.wasm", Bytes::copy_of("wasm")}});
  const std::string index = R"({"chat.zip":)" + std::string(metadata) + "}";
  write(folder / "package", package.text());
  write(folder / "bundle", packed({{"chat.zip", package}, {"file_to_metadata.json", Bytes::copy_of(index)}}).text());
  write(folder / "nested", packed({{"a/b/c", Bytes::copy_of("c")}, {"a/d", Bytes()}}).text());
  write(folder / "out", raw_zip({{"../out", "x"}}).text());
  write(folder / "link", raw_zip({{"link", "/etc/passwd", AE_IFLNK}, {"directory/", "", AE_IFDIR}}).text());
  write(folder / "bomb", raw_zip({{"zeros", std::string(1 << 17, '\0')}}).text());
}

void write_unpacking(const fs::path& folder) {
  const std::string request = R"({"path":"/chat:a.os/files/sub","action":"AddZip"})";
  const Bytes zip = packed({{"a/b", Bytes::copy_of("b")}, {"c", Bytes::copy_of("c")}});
  write(folder / "add_zip", request + "\n" + std::string(zip.text()));
  write(folder / "add_zip_out", request + "\n" + std::string(raw_zip({{"ok", "x"}, {"../../../out", "y"}}).text()));
}

crypto::SigningKey signing_key() { return crypto::SigningKey::from_seed(std::array<uint8_t, 32>{}); }

std::string_view text_of(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void write_greetings(const fs::path& folder) {
  const std::array<uint8_t, 32> static_key{};
  wire::HandshakePayload payload{.name = "a.dev", .signature = wire::handshake_signature(signing_key(), static_key)};
  write(folder / "handshake" / "integers", wire::encode_handshake_payload(payload, codec::ByteForm::integers).text());
  payload.features = wire::PeerFeatures{1};
  write(folder / "handshake" / "features", wire::encode_handshake_payload(payload).text());
  write(folder / "handshake" / "first_message", std::string(33, '\7'));
  const wire::RoutingRequest request{
      .source = "a.dev", .signature = wire::sign_route(signing_key(), "b.dev", "r.dev"), .target = "b.dev"};
  write(folder / "routing_request" / "integers",
        wire::encode_routing_request(request, codec::ByteForm::integers).text());
  write(folder / "routing_request" / "bin", wire::encode_routing_request(request).text());
}

void write_net_api(const fs::path& folder) {
  const wire::KnsUpdate update{"a.dev", "0xab", {"127.0.0.1"}, {{"ws", 9000}, {"tcp", 9001}}, {"r.dev"}};
  const Address address("n.os", ProcessId("a", "b", "c.os"));
  const std::vector<wire::NetAction> actions = {wire::ConnectionRequest{"a.dev"},
                                                update,
                                                wire::KnsBatchUpdate{{update, update}},
                                                wire::GetPeers{},
                                                wire::GetPeer{"a.dev"},
                                                wire::GetDiagnostics{},
                                                wire::Sign{},
                                                wire::Verify{address, Bytes::copy_of("\xff")}};
  for (const wire::NetAction& action : actions) {
    write(folder / fmt::format("action{}", action.index()), wire::encode_net_action(action).text());
  }
  const Identity direct{"a.dev", "0xab", {"1.2.3.4", {{"ws", 9000}}}, {}};
  const Identity routed{"b.dev", "0xab", {}, {"r.dev"}};
  const std::vector<wire::NetResponse> responses = {
      wire::Accepted{"a"},    wire::Rejected{"a"}, wire::Peers{{direct, routed}}, wire::Peer{routed},
      wire::Diagnostics{"x"}, wire::Signed{},      wire::Verified{true}};
  for (const wire::NetResponse& response : responses) {
    write(folder / fmt::format("response{}", response.index()), wire::encode_net_response(response).text());
  }
  write(folder / "identity", wire::encode_identity(direct).text());
  write(folder / "by_number", "\x04");
}

/// In bincode: little endian, lengths of 64 bits.
std::string bincode(std::string_view bytes) {
  std::string text;
  for (int i = 0; i < 8; ++i) {
    text += static_cast<char>(bytes.size() >> (8 * i));
  }
  return text + std::string(bytes);
}

void write_keyfiles(const fs::path& folder) {
  const crypto::Secret document = identity::encode_pkcs8(signing_key());
  const std::vector<uint8_t> blob = crypto::aes_gcm_seal(crypto::SecretArray<32>(), {}, document.span());
  const identity::SealedKeyfile keyfile{"a.dev", {"r.dev"}, {}, blob, blob, blob};
  write(folder / "json", identity::encode_sealed(keyfile).text());
  const std::string sealed = bincode(text_of(blob));
  write(folder / "bincode",
        bincode("a.dev") + std::string(8, '\0') + bincode(std::string(32, 's')) + sealed + sealed + sealed);
  write(folder / "pkcs8", text_of(document.span()));
}

void write_records(const fs::path& folder) {
  const Identity direct{"a.dev", "", {"192.0.2.7", {{"ws", 9000}, {"tcp", 10000}}}, {}};
  const Identity routed{"b.dev", "", {}, {"r.dev", "s.dev"}};
  const std::string records = registry::write_record({direct, 1}, signing_key());
  write(folder / "direct", records);
  write(folder / "routed", records + "\n# another\n" + registry::write_record({routed, 2}, signing_key()));
  write(folder / "both", registry::write_record({{"c.dev", "", direct.direct, {"r.dev"}}, 3}, signing_key()));
  write(folder / "misspelt", "[[nodes]]\nname = 1\n[[node]]\nname = \"d.dev\"\nrouters = [1]\n");
  write(folder / "told", "a.dev\n192.0.2.7\n\x23\x27\nr.dev\ns.dev");
}

/// A chunk as the target makes it: what is wrong with it, how many bytes are given, its size, those bytes.
std::string chunk(size_t size, std::string_view given, unsigned spoilt = 0) {
  const auto kind = static_cast<char>(given.size() << 3U | spoilt);
  return std::string{kind, static_cast<char>(size >> 8U), static_cast<char>(size)} + std::string(given);
}

void write_chunks(const fs::path& folder) {
  const std::string tcp(1, '\2');
  const std::string websocket(1, '\3');
  const std::string five{'\0', '\0', '\0', '\5'};
  const std::string long_one{'\0', '\1', '\xff', '\xde'};  // two full chunks
  const std::string too_long{'\0', '\xa0', '\0', '\x59'};
  write(folder / "tcp", tcp + five + chunk(5, "hello") + five + chunk(2, "he") + chunk(3, "llo"));
  write(folder / "tcp_long", tcp + long_one + chunk(65'519, "long") + chunk(65'519, "") + five + chunk(6, "hello!"));
  write(folder / "tcp_too_long", tcp + too_long + chunk(5, "hello"));
  write(folder / "tcp_empty", tcp + five + chunk(0, ""));
  write(folder / "websocket", websocket + chunk(9, five + "hello") + chunk(6, five + "he") + chunk(3, "llo"));
  write(folder / "websocket_long", websocket + chunk(65'519, long_one + "long") + chunk(65'519, "") + chunk(4, "more"));
  write(folder / "websocket_over", websocket + chunk(9, five) + chunk(60'000, "") + chunk(3, "llo"));
  write(folder / "websocket_short", websocket + chunk(3, "abc"));
  for (const unsigned spoilt : {1U, 2U, 4U}) {
    write(folder / fmt::format("spoilt{}", spoilt), tcp + five + chunk(2, "he") + chunk(3, "llo", spoilt));
  }
}

}  // namespace

int main(int count, char** arguments) {
  KINODE_CHECK(count == 2, "usage: make_seeds FOLDER");
  const fs::path folder = arguments[1];
  write_messages(folder / "msgpack");
  write_zips(folder / "zip");
  write_unpacking(folder / "vfs");
  write_greetings(folder);
  write_net_api(folder / "net_api");
  write_keyfiles(folder / "keyfile");
  write_records(folder / "peers_file");
  write_chunks(folder / "channel");
  return 0;
}
