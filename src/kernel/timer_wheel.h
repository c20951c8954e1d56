// TimerWheel: deadlines, each set and cancelled in constant time. Eight levels of 64 slots: a slot of
// level n stands for 64^n milliseconds, so that together they reach farther than the clock; a timer
// moves down a level as its time comes nearer.
//
// Thread-safe. It has no thread: `advance` is called by who owns the time.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/clock.h"

namespace kinode::kernel {

struct ProcessEntry;

/// A deadline of a process. Its owner cancels it before it is destroyed.
struct Timer {
  enum class Purpose : uint8_t {
    request,  // the request `id` was not answered in time
    wake,     // the process waited long enough
    restart,  // the process is to start again
  };
  Timer(std::weak_ptr<ProcessEntry> owner_entry, Purpose why, uint64_t request_id = 0)
      : owner(std::move(owner_entry)), purpose(why), id(request_id) {}
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  std::weak_ptr<ProcessEntry> owner;
  Purpose purpose;
  uint64_t id;

 private:
  friend class TimerWheel;
  uint64_t tick_ = 0;
  uint64_t order_ = 0;  // among those of one tick
  Timer* previous_ = nullptr;
  Timer* next_ = nullptr;
  bool scheduled_ = false;
};

class TimerWheel {
 public:
  explicit TimerWheel(Instant start) : start_(start) {}
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  /// Sets `timer`, which must stay where it is until it fires or is cancelled. It fires at `deadline`
  /// or within a millisecond after.
  void schedule(Timer& timer, Instant deadline);
  /// The same, but one that is set for an earlier time stays so.
  void schedule_no_later(Timer& timer, Instant deadline);
  /// No effect on one that is not set.
  void cancel(Timer& timer);

  struct Due {
    std::shared_ptr<ProcessEntry> owner;
    Timer::Purpose purpose;
    uint64_t id;
  };
  /// Takes out what is due, in the order of the deadlines, equal ones as they were set; those whose
  /// owner is gone are left out.
  std::vector<Due> advance(Instant now);
  /// When `advance` has something to do next, at the latest.
  [[nodiscard]] std::optional<Instant> next_deadline();
  /// `notify` is called, on the thread that schedules, when a deadline comes before what was last said
  /// by it, by `advance` or by `next_deadline`. It may be called with a process locked: it must not
  /// call the kernel. Set before use.
  void on_deadline(std::function<void(Instant)> notify) { notify_ = std::move(notify); }

 private:
  static constexpr int levels = 8;
  static constexpr int bits = 6;
  static constexpr uint64_t slots = 1 << bits;
  struct Level {
    std::array<Timer*, slots> first{};
    uint64_t occupied = 0;
  };

  struct Slot {
    Level* level;
    uint64_t number;
    uint64_t tick;  // its first
  };
  [[nodiscard]] uint64_t tick_of(Instant time) const;
  [[nodiscard]] std::optional<Slot> next_slot();
  void schedule(Timer& timer, Instant deadline, bool no_later);
  static int level_of(uint64_t elapsed, uint64_t tick);
  void insert(Timer& timer);
  void remove(Timer& timer);

  std::mutex mutex_;
  const Instant start_;
  uint64_t elapsed_ = 0;             // ticks that `advance` has passed
  uint64_t announced_ = UINT64_MAX;  // when the owner of the time looks again, as far as it was told
  uint64_t orders_ = 0;
  std::array<Level, levels> wheel_{};
  std::function<void(Instant)> notify_;
};

}  // namespace kinode::kernel
