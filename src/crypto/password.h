// Keys from passwords: slow on purpose, tens of milliseconds to a second of one core. Not for a thread that others wait
// for. Any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"
#include "crypto/secret.h"

namespace kinode::crypto {

/// PBKDF2 with HMAC-SHA256 (RFC 8018).
SecretArray<32> pbkdf2_sha256(std::string_view password, std::span<const uint8_t> salt, uint32_t rounds);

/// What one try shall cost; the values are those of the first client.
struct Argon2Cost {
  uint32_t memory_kib = 19456;
  uint32_t passes = 2;
  uint32_t lanes = 1;
};

/// Argon2id, version 0x13 (RFC 9106). An error where the salt has less than 8 bytes or there is no memory.
Result<SecretArray<32>> argon2id(std::string_view password, std::span<const uint8_t> salt, Argon2Cost cost = {});

}  // namespace kinode::crypto
