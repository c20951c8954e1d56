#include "noise/cipher_state.h"

#include <limits>

#include "base/check.h"

namespace kinode::noise {
namespace {

/// Noise keeps the last number for itself. At a million chunks in a second it is reached after half a million years.
constexpr uint64_t forbidden_count = std::numeric_limits<uint64_t>::max();

}  // namespace

void CipherState::seal(std::span<const uint8_t> associated, std::span<const uint8_t> plain, uint8_t* out) {
  KINODE_CHECK(count_ < forbidden_count);
  cipher_.seal(count_, associated, plain, out);
  ++count_;
}

bool CipherState::open(std::span<const uint8_t> associated, std::span<const uint8_t> sealed, uint8_t* out) {
  if (broken_ || count_ == forbidden_count || !cipher_.open(count_, associated, sealed, out)) {
    if (sealed.size() > tag_size) {
      OPENSSL_cleanse(out, sealed.size() - tag_size);
    }
    broken_ = true;
    return false;
  }
  ++count_;
  return true;
}

}  // namespace kinode::noise
