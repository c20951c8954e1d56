#include "crypto/random.h"

#include <openssl/rand.h>

#include <algorithm>
#include <climits>

#include "base/check.h"

namespace kinode::crypto {

void fill_random(std::span<uint8_t> bytes) {
  while (!bytes.empty()) {
    const size_t size = std::min<size_t>(bytes.size(), INT_MAX);
    KINODE_CHECK(RAND_priv_bytes(bytes.data(), static_cast<int>(size)) == 1, "the system gives no random bytes");
    bytes = bytes.subspan(size);
  }
}

}  // namespace kinode::crypto
