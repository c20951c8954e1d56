// Timers: what timer:distro:sys waits for, and the seam to who can wait.
//
// A module has no thread. So the composition root owns a Timers, gives it to the TimerModule, and calls
// `advance` when `next_deadline` is there; `notify` tells it of an earlier one. A test does the same by
// hand:
//
//   auto timers = std::make_shared<Timers>([&](Instant earliest) { thread.wake_at(earliest); });
//   kernel.add_module(id, true, [&](ProcessContext& context) {
//     return std::make_unique<TimerModule>(context, clock, timers);
//   });
//   ... in the thread, whenever a deadline is over: timers->advance(clock.now());
//
// Times are counted in whole milliseconds, rounded up, so that nothing fires early; what falls into the
// same millisecond fires in the order it was added. A time too far away for the clock is never.
//
// Threads: all functions are for any thread. `notify` and the work are called without a lock; the work
// of one `advance` in order. Two threads that advance at once may mix theirs, so let one do it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "types/address.h"

namespace kinode::modules {

class Timers {
 public:
  /// Timers of one process that may wait at a time, as many as its unanswered requests, and of all.
  static constexpr size_t max_of_one = 16'384;
  static constexpr size_t max_of_all = 1'000'000;

  /// `notify` gets the new earliest time whenever that becomes earlier; it must not call back.
  explicit Timers(std::function<void(Instant)> notify = {}) : notify_(std::move(notify)) {}
  Timers(const Timers&) = delete;
  Timers& operator=(const Timers&) = delete;

  enum class Added : uint8_t { added, too_many_of_one, too_many_of_all };
  /// Calls `fire` in the first `advance` that is `milliseconds` or more after `now`.
  Added add(const ProcessId& owner, Instant now, uint64_t milliseconds, std::function<void()> fire);
  /// Forgets the timers of owners for which `is_gone` is true; returns how many.
  size_t remove_if(const std::function<bool(const ProcessId&)>& is_gone);
  /// Forgets all; used when the module ends.
  void clear();

  /// Fires what is due.
  void advance(Instant now);
  [[nodiscard]] std::optional<Instant> next_deadline() const;
  [[nodiscard]] size_t size() const;
  /// When each fires, in order, and for whom: for people.
  [[nodiscard]] std::vector<std::pair<Instant, ProcessId>> list(size_t at_most) const;

 private:
  struct Timer {
    ProcessId owner;
    std::function<void()> fire;
  };
  void forget_one_of(const ProcessId& owner);

  const std::function<void(Instant)> notify_;
  mutable std::mutex mutex_;
  std::map<int64_t, std::vector<Timer>> by_millisecond_;
  std::unordered_map<ProcessId, size_t> count_of_;
  size_t size_ = 0;
};

}  // namespace kinode::modules
