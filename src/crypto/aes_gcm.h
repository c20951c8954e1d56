// AES-256-GCM in the form of a keyfile's blobs: nonce (12 bytes), ciphertext, tag (16 bytes); no associated data.
// Any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "crypto/secret.h"

namespace kinode::crypto {

using AesGcmNonce = std::array<uint8_t, 12>;
/// A blob is so much longer than what it holds.
constexpr size_t aes_gcm_overhead = 12 + 16;

/// With a nonce at random.
std::vector<uint8_t> aes_gcm_seal(const SecretArray<32>& key, std::span<const uint8_t> plain);
/// A nonce must not be used twice with one key.
std::vector<uint8_t> aes_gcm_seal(const SecretArray<32>& key, const AesGcmNonce& nonce, std::span<const uint8_t> plain);
/// None where it is too short or not what the owner of the key sealed.
std::optional<Secret> aes_gcm_open(const SecretArray<32>& key, std::span<const uint8_t> blob);

}  // namespace kinode::crypto
