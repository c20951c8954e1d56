// CipherState: one direction of an encrypted connection (Noise revision 34, section 5.1), with empty associated data.
//
// Each chunk has the next number, so whatever is replayed, reordered, altered or left out fails to open. After a
// failure everything does: what follows cannot be in order. Movable; one thread at a time.
#pragma once

#include <cstdint>
#include <span>

#include "crypto/chacha_poly.h"
#include "crypto/secret.h"

namespace kinode::noise {

constexpr size_t tag_size = crypto::ChaChaPoly::tag_size;
/// Of any Noise message, a sealed chunk too.
constexpr size_t max_message_size = 65535;

class CipherState {
 public:
  explicit CipherState(const crypto::SecretArray<32>& key) : cipher_(key) {}

  /// Writes plain.size() + tag_size bytes to `out`, which must not overlap.
  void seal(std::span<const uint8_t> plain, uint8_t* out) { seal({}, plain, out); }
  /// Writes sealed.size() - tag_size bytes to `out`, which must not overlap. False: what came is not what the peer sent
  /// next, `out` is wiped, and so it is for all that follows.
  [[nodiscard]] bool open(std::span<const uint8_t> sealed, uint8_t* out) { return open({}, sealed, out); }
  /// How many chunks were sealed or opened.
  [[nodiscard]] uint64_t count() const { return count_; }

 private:
  friend class SymmetricState;

  void seal(std::span<const uint8_t> associated, std::span<const uint8_t> plain, uint8_t* out);
  [[nodiscard]] bool open(std::span<const uint8_t> associated, std::span<const uint8_t> sealed, uint8_t* out);

  crypto::ChaChaPoly cipher_;
  uint64_t count_ = 0;
  bool broken_ = false;
};

}  // namespace kinode::noise
