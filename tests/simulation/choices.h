// Every choice of a simulation, drawn from its seed. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <span>

namespace kinode::simulation {

class Choices {
 public:
  explicit Choices(uint64_t seed) : engine_(seed) {}

  uint64_t next() { return engine_(); }
  /// Some number below `bound`, which is not 0.
  uint64_t below(uint64_t bound) { return engine_() % bound; }
  /// Some number from `low` to `high`.
  uint64_t between(uint64_t low, uint64_t high) { return low + below(high - low + 1); }
  bool chance(unsigned percent) { return below(100) < percent; }

  template <class Container>
  auto& pick(Container& container) {
    return container[below(container.size())];
  }
  /// An index of `weights`, as often as its weight says. They must not all be 0.
  size_t weighted(std::span<const unsigned> weights) {
    unsigned total = 0;
    for (unsigned weight : weights) {
      total += weight;
    }
    uint64_t left = below(total);
    for (size_t index = 0; index < weights.size(); ++index) {
      if (left < weights[index]) {
        return index;
      }
      left -= weights[index];
    }
    return 0;
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace kinode::simulation
