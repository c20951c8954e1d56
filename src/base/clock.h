// Time, as an interface, so that a test moves it by hand.
#pragma once

#include <chrono>

namespace kinode {

/// A point on a clock that never goes back; its zero means nothing.
using Instant = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;

class Clock {
 public:
  virtual ~Clock() = default;
  /// Any thread.
  [[nodiscard]] virtual Instant now() const = 0;
};

/// The machine's monotonic clock.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const override { return std::chrono::steady_clock::now(); }
};

}  // namespace kinode
