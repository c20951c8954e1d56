// CycleClock: the processor's own counter, which is read in a third of the time that the system's clock takes. For
// spans measured millions of times in a second; not for points in time.
#pragma once

#include <chrono>
#include <cstdint>

namespace kinode {

class CycleClock {
 public:
  /// Of the core that runs this thread. The cores' counters run at one constant rate and agree, but for a few
  /// cycles. Any thread.
  static uint64_t now() {
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
    uint64_t count = 0;
    asm volatile("mrs %0, cntvct_el0" : "=r"(count));
    return count;
#else
    return static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
#endif
  }

  /// From `begin` to `end`; nothing, should the counters of two cores disagree.
  static uint64_t between(uint64_t begin, uint64_t end) { return end > begin ? end - begin : 0; }

  /// How long so many counts take. The rate is measured over all the time since the program started, up to a minute:
  /// so it grows exact, then stays. Any thread.
  static std::chrono::duration<double> duration(uint64_t counts);
};

}  // namespace kinode
