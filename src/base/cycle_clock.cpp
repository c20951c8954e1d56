#include "base/cycle_clock.h"

#include <atomic>

namespace kinode {
namespace {

using Steady = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

struct Beginning {
  uint64_t count = CycleClock::now();
  Steady::time_point time = Steady::now();
};

// Since the program started, so that the first question finds some time measured.
const Beginning beginning;

std::atomic<double> settled_rate = 0;  // seconds for a count; 0: not yet

}  // namespace

Seconds CycleClock::duration(uint64_t counts) {
  double rate = settled_rate.load(std::memory_order_relaxed);
  if (rate == 0) {
    Seconds passed = Steady::now() - beginning.time;
    uint64_t counted = between(beginning.count, now());
    rate = counted == 0 ? 0 : passed.count() / static_cast<double>(counted);
    if (passed >= std::chrono::minutes(1)) {
      settled_rate.store(rate, std::memory_order_relaxed);
    }
  }
  return Seconds(static_cast<double>(counts) * rate);
}

}  // namespace kinode
