// Writes the seeds that are no text: make_seeds FOLDER makes FOLDER/<target>/<name>.
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "base/check.h"
#include "codec/msgpack.h"
#include "package/archive.h"
#include "package/metadata.h"
#include "package/testing/raw_zip.h"

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

}  // namespace

int main(int count, char** arguments) {
  KINODE_CHECK(count == 2, "usage: make_seeds FOLDER");
  const fs::path folder = arguments[1];
  write_messages(folder / "msgpack");
  write_zips(folder / "zip");
  write_unpacking(folder / "vfs");
  return 0;
}
