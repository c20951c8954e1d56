// ChaCha20-Poly1305 (RFC 8439) with the nonces of Noise: four zero bytes and a 64-bit counter, little endian.
//
// The cipher is set up once for its key, so that a chunk costs no allocation and no look-up. Movable; one thread at a
// time. Whoever seals must never use a nonce twice.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "crypto/openssl.h"
#include "crypto/secret.h"

namespace kinode::crypto {

class ChaChaPoly {
 public:
  static constexpr size_t tag_size = 16;

  explicit ChaChaPoly(const SecretArray<32>& key);

  /// Writes plain.size() + tag_size bytes to `out`, which must not overlap the input. At most 2 GiB at once.
  void seal(uint64_t nonce, std::span<const uint8_t> associated, std::span<const uint8_t> plain, uint8_t* out);
  /// Writes sealed.size() - tag_size bytes to `out`, which must not overlap the input. False: it is not what the
  /// owner of the key sealed, and `out` is wiped.
  [[nodiscard]] bool open(uint64_t nonce, std::span<const uint8_t> associated, std::span<const uint8_t> sealed,
                          uint8_t* out);

 private:
  // One for each direction: turning one round would set it up anew.
  EvpCipherContext sealing_;
  EvpCipherContext opening_;
};

}  // namespace kinode::crypto
