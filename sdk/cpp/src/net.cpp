#include "kinode/net.h"

#include <utility>
#include <vector>

#include "kinode/msgpack.h"

namespace kinode::net {

namespace {

constexpr uint64_t timeout_s = 30;

std::expected<Json, std::string> ask(const Json& action, const Blob* blob = nullptr) {
  static const Address module = Address::local("net:distro:sys");
  auto answer = send_and_await(module, {.expects_response = timeout_s, .body = to_msgpack(action)}, blob);
  if (!answer) return std::unexpected("net:distro:sys does not answer");
  return parse_msgpack(answer->body()).value_or(nullptr);
}

/// A key is known in several forms: with 0x or without, in letters of either case.
std::string digits_of(std::string text) {
  if (text.starts_with("0x")) text.erase(0, 2);
  for (char& letter : text) {
    if (letter >= 'A' && letter <= 'F') letter = static_cast<char>(letter - 'A' + 'a');
  }
  return text;
}

}  // namespace

std::expected<Bytes, std::string> sign(const Bytes& bytes) {
  const Blob data{.bytes = bytes};
  auto answer = ask("Sign", &data);
  if (!answer) return std::unexpected(std::move(answer.error()));
  auto signature = get_blob();
  if (*answer != "Signed" || !signature) return std::unexpected("net:distro:sys did not sign");
  return std::move(signature->bytes);
}

std::expected<bool, std::string> verify(const Address& signer, const Bytes& signature, const Bytes& bytes) {
  const Blob data{.bytes = bytes};
  const Json::binary_t signature_bytes(std::vector<uint8_t>(signature.begin(), signature.end()));
  auto answer = ask({{"Verify", Json::array({signer.text(), signature_bytes})}}, &data);
  if (!answer) return std::unexpected(std::move(answer.error()));
  const auto valid = bool_member(*answer, "Verified");
  if (!valid) return std::unexpected("net:distro:sys did not say whether a signature is genuine");
  return *valid;
}

std::expected<std::optional<std::string>, std::string> networking_key(std::string_view node) {
  auto answer = ask({{"GetPeer", node}});
  if (!answer) return std::unexpected(std::move(answer.error()));
  if (!answer->is_object() || !answer->contains("Peer")) return std::unexpected("net:distro:sys did not tell a peer");
  // A record without names: name, key, how to reach it.
  const Json& peer = member(*answer, "Peer");
  if (!peer.is_array() || peer.size() < 2 || !peer[1].is_string()) return std::nullopt;
  return digits_of(peer[1].get<std::string>());
}

}  // namespace kinode::net
