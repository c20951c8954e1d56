// SHA-256 and HMAC-SHA256 (RFC 2104). Any thread.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace kinode::crypto {

using Sha256Digest = std::array<uint8_t, 32>;

Sha256Digest sha256(std::span<const uint8_t> bytes);
Sha256Digest hmac_sha256(std::span<const uint8_t> key, std::string_view text);

}  // namespace kinode::crypto
