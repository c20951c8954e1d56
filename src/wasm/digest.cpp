#include "wasm/digest.h"

#include <fmt/format.h>

#include "base/check.h"

namespace kinode::wasm {

Sha256::Sha256() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
  KINODE_CHECK(context_ && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1, "no SHA-256");
}

void Sha256::add(std::span<const uint8_t> bytes) { EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()); }

Sha256::Value Sha256::finish() {
  Value value{};
  EVP_DigestFinal_ex(context_.get(), value.data(), nullptr);
  return value;
}

std::string sha256_hex(std::span<const uint8_t> bytes) {
  Sha256 digest;
  digest.add(bytes);
  std::string text;
  for (uint8_t byte : digest.finish()) {
    text += fmt::format("{:02x}", byte);
  }
  return text;
}

}  // namespace kinode::wasm
