// SHA-256, of a whole or of pieces.
#pragma once

#include <openssl/evp.h>

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace kinode::wasm {

class Sha256 {
 public:
  using Value = std::array<uint8_t, 32>;

  Sha256();
  void add(std::span<const uint8_t> bytes);
  /// Once, at the end.
  Value finish();

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

std::string sha256_hex(std::span<const uint8_t> bytes);

}  // namespace kinode::wasm
