// WorkGate: how much of a module's work may be under way, and the moment when none is.
//
// A module asks `has_room` before it takes a request from its mailbox, and says when work begins and ends. So what is
// under way is bounded, the rest waits in the mailbox, and a snapshot can hold back new work without a thread that
// waits for it: `hold` lets what was taken end, and nothing more is taken until `release`.
//
// Any thread. It outlives the module and all work.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>

#include "base/result.h"

namespace kinode::modules::database {

class WorkGate {
 public:
  struct Limits {
    /// Requests taken and not done. A process that floods is stopped by the kernel's limits before it takes all.
    size_t calls = 65'536;
    /// Bytes of their bodies and blobs.
    size_t bytes = size_t{512} << 20U;
  };
  WorkGate() : WorkGate(Limits{}) {}
  explicit WorkGate(Limits limits) : limits_(limits) {}

  // ---- the module ---------------------------------------------------------------------------------

  /// Called, with the gate locked, when there is room again after `has_room` said that there is none: it must not
  /// call the gate. With none, returns after the last call.
  void on_room(std::function<void()> wake);
  [[nodiscard]] bool has_room();
  void begin(size_t bytes);
  /// The last words of a piece of work: the module may be gone when it returns.
  void end(size_t bytes);
  /// Waits until nothing is under way.
  void wait_idle();

  // ---- a snapshot ---------------------------------------------------------------------------------

  /// Waits until nothing is under way. Fails, holding nothing, when that takes longer than `patience`. Held by one
  /// at a time.
  Result<void> hold(std::chrono::milliseconds patience);
  void release();

 private:
  /// With the lock held.
  [[nodiscard]] bool is_open() const { return !held_ && calls_ < limits_.calls && bytes_ < limits_.bytes; }
  void wake_if_open();

  const Limits limits_;
  std::mutex mutex_;
  std::condition_variable idle_;
  // All guarded by `mutex_`.
  std::function<void()> wake_;
  size_t calls_ = 0;
  size_t bytes_ = 0;
  bool held_ = false;
  bool refused_ = false;  // `has_room` said no, and nobody was woken since
};

}  // namespace kinode::modules::database
