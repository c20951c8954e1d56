// Ed25519 (RFC 8032, pure): a node's networking key, which proves its name.
//
// Const methods and functions may be called by any threads at once.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "crypto/openssl.h"
#include "crypto/secret.h"

namespace kinode::crypto {

using PublicKey = std::array<uint8_t, 32>;
using Signature = std::array<uint8_t, 64>;

/// A private key with its public one.
class SigningKey {
 public:
  static SigningKey generate();
  /// The private key in the form of RFC 8032.
  static SigningKey from_seed(std::span<const uint8_t, 32> seed);

  [[nodiscard]] const PublicKey& public_key() const { return public_key_; }
  [[nodiscard]] Signature sign(std::span<const uint8_t> message) const;
  /// For a keyfile.
  [[nodiscard]] SecretArray<32> seed() const;

 private:
  explicit SigningKey(EvpKey key);

  EvpKey key_;  // none once it is moved away
  PublicKey public_key_{};
};

/// Without the cofactor, S below L: as the first client does it. Small-order keys are not refused: a key counts for
/// what the registry says.
bool verify(const PublicKey& key, std::span<const uint8_t> message, std::span<const uint8_t> signature);

/// The key as a registry writes it: hex of 32 bytes, both cases, with or without `0x`.
std::optional<PublicKey> parse_public_key(std::string_view hex);
/// Lower-case hex with `0x`.
std::string format_public_key(const PublicKey& key);

}  // namespace kinode::crypto
