// HMAC and HKDF with SHA-256 (RFC 2104, RFC 5869): login tokens, keys derived from a secret. Any thread.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace kinode::crypto {

using Hmac = std::array<uint8_t, 32>;

/// To be compared with equal_in_constant_time alone.
Hmac hmac_sha256(std::span<const uint8_t> key, std::span<const uint8_t> message);

/// Fills `out`, of at most 8160 bytes. `info` sets one use of the secret apart from another.
void hkdf_sha256(std::span<const uint8_t> secret, std::span<const uint8_t> salt, std::span<const uint8_t> info,
                 std::span<uint8_t> out);

}  // namespace kinode::crypto
