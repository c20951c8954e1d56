// X25519 (RFC 7748): the keys of a Noise handshake, fresh for each connection.
//
// Const methods may be called by any threads at once.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "base/result.h"
#include "crypto/openssl.h"
#include "crypto/secret.h"

namespace kinode::crypto {

/// A private key with its public one. Moved, never copied; OpenSSL wipes it.
class X25519Key {
 public:
  static X25519Key generate();
  static X25519Key from_private(std::span<const uint8_t, 32> bytes);

  [[nodiscard]] const std::array<uint8_t, 32>& public_key() const { return public_key_; }
  /// The secret shared with the owner of `peer`. An error for a key of low order, with which the secret would be zeros,
  /// whoever asks; no honest peer has one.
  [[nodiscard]] Result<SecretArray<32>> agree(std::span<const uint8_t, 32> peer) const;

 private:
  explicit X25519Key(EvpKey key);

  EvpKey key_;  // none once it is moved away
  std::array<uint8_t, 32> public_key_{};
};

}  // namespace kinode::crypto
