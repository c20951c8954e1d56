// SymmetricState: what both ends of a handshake have hashed and agreed so far (Noise revision 34, section 5.2), with
// BLAKE2s and ChaCha20-Poly1305.
//
// The hash covers every byte said, and is the associated data of what is encrypted next: so whoever alters one byte
// breaks all that follows. Movable; one thread at a time.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "crypto/blake2s.h"
#include "crypto/secret.h"
#include "noise/cipher_state.h"

namespace kinode::noise {

class SymmetricState {
 public:
  explicit SymmetricState(std::string_view protocol_name);

  [[nodiscard]] const crypto::Blake2sDigest& hash() const { return hash_; }
  [[nodiscard]] bool has_key() const { return cipher_.has_value(); }

  void mix_hash(std::span<const uint8_t> bytes);
  /// A new key of all that was agreed so far, and `agreed`.
  void mix_key(const crypto::SecretArray<32>& agreed);
  /// Appends to `out`: in clear while there is no key.
  void encrypt_and_hash(std::span<const uint8_t> plain, std::vector<uint8_t>& out);
  /// None where it was altered. In clear while there is no key.
  std::optional<std::vector<uint8_t>> decrypt_and_hash(std::span<const uint8_t> bytes);
  /// The keys of the two directions: the initiator's, then the responder's. The state is wiped.
  std::pair<crypto::SecretArray<32>, crypto::SecretArray<32>> split();

 private:
  crypto::SecretArray<32> chaining_key_;
  crypto::Blake2sDigest hash_{};
  std::optional<CipherState> cipher_;
};

}  // namespace kinode::noise
