// A clock that stands still until the test moves it. Any thread.
#pragma once

#include <atomic>

#include "base/check.h"
#include "base/clock.h"

namespace kinode::kernel::testing {

class ManualClock final : public Clock {
 public:
  /// Starts well away from zero, so that a time counted from zero by mistake shows.
  ManualClock() : now_(Instant(std::chrono::hours(1000))) {}

  [[nodiscard]] Instant now() const override { return now_.load(); }

  void advance(std::chrono::nanoseconds by) {
    KINODE_CHECK(by.count() >= 0, "a clock never goes back, not by {} ns", by.count());
    now_.store(now_.load() + by);
  }
  /// No effect when `time` is past already.
  void advance_to(Instant time) {
    if (time > now_.load()) {
      now_.store(time);
    }
  }

 private:
  std::atomic<Instant> now_;
};

}  // namespace kinode::kernel::testing
