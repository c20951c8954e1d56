#include "base/random.h"

#include <openssl/rand.h>

#include <array>

#include "base/check.h"

namespace kinode {

uint64_t SystemRandom::next() {
  thread_local std::array<uint64_t, 64> block;
  thread_local size_t used = block.size();
  if (used == block.size()) {
    fill(std::span(reinterpret_cast<uint8_t*>(block.data()), sizeof block));
    used = 0;
  }
  return block[used++];
}

void SystemRandom::fill(std::span<uint8_t> bytes) {
  int done = RAND_bytes(bytes.data(), static_cast<int>(bytes.size()));
  KINODE_CHECK(done == 1, "no randomness from the system");
}

}  // namespace kinode
