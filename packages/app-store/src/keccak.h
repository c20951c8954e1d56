#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace app_store {

/// Keccak-256 in the form that Ethereum uses, whose padding is not that of SHA-3.
std::array<uint8_t, 32> keccak_256(std::string_view bytes);

/// `0x` and the hash in hexadecimal digits: how the store names a manifest and metadata (packages-and-kit.md 1.8).
std::string keccak_256_text(std::string_view bytes);

}  // namespace app_store
