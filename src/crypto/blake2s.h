// BLAKE2s-256 (RFC 7693) and HMAC with it: the hash of our Noise handshakes. Any thread.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>

#include "crypto/secret.h"

namespace kinode::crypto {

using Blake2sDigest = std::array<uint8_t, 32>;

/// Of the parts one after another.
Blake2sDigest blake2s_hash(std::initializer_list<std::span<const uint8_t>> parts);
inline Blake2sDigest blake2s_hash(std::span<const uint8_t> message) { return blake2s_hash({message}); }
/// HMAC (RFC 2104; the block is of 64 bytes).
SecretArray<32> blake2s_hmac(std::span<const uint8_t> key, std::span<const uint8_t> message);

}  // namespace kinode::crypto
