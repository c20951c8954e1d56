// Randomness that the same seed repeats. Any thread; the order of the threads' calls is theirs.
#pragma once

#include <mutex>
#include <random>

#include "base/random.h"

namespace kinode::kernel::testing {

class SeededRandom final : public Random {
 public:
  explicit SeededRandom(uint64_t seed = 1) : engine_(seed) {}

  uint64_t next() override {
    std::lock_guard lock(mutex_);
    return engine_();
  }
  void fill(std::span<uint8_t> bytes) override {
    std::lock_guard lock(mutex_);
    for (uint8_t& byte : bytes) {
      byte = static_cast<uint8_t>(engine_());
    }
  }
  /// Some number below `bound`, which is not 0.
  uint64_t below(uint64_t bound) { return next() % bound; }

 private:
  std::mutex mutex_;
  std::mt19937_64 engine_;
};

}  // namespace kinode::kernel::testing
