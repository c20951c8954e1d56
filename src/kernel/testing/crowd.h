// A kernel on real threads, and what the processes of a concurrency test have in common: the counts by
// which the test sees that every request that expects a response ended exactly once.
//
// The time is the test's: nothing times out but by `advance`. Threads: all is for any thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/worker_pool.h"
#include "kernel/kernel.h"
#include "kernel/testing/manual_clock.h"
#include "kernel/testing/memory_journal.h"
#include "kernel/testing/native_process.h"
#include "kernel/testing/seeded_random.h"

namespace kinode::kernel::testing {

/// A number that a thread can wait for.
class Gauge {
 public:
  void add(int64_t change) {
    value_ += change;
    value_.notify_all();
  }
  [[nodiscard]] int64_t get() const { return value_; }
  void wait_for_zero() const {
    for (int64_t now = value_; now != 0; now = value_) {
      value_.wait(now);
    }
  }

 private:
  std::atomic<int64_t> value_ = 0;
};

class Crowd {
 public:
  Crowd(size_t workers, const Limits& limits, uint64_t seed);
  ~Crowd();
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

  /// One of the processes' ids, of which there are `count`: not all of them are there at all times.
  [[nodiscard]] Address somebody(size_t count);
  /// Does one of those things, at random, that others do to a process while it runs.
  void disturb(size_t count, const Program& program);
  void advance(std::chrono::milliseconds by);
  /// Stops the threads; then everything stands still.
  void stop() { pool.stop(); }
  /// What the journal has of processes and capabilities is what the kernel has: a line for each that
  /// differs. After `stop`.
  [[nodiscard]] std::vector<std::string> differences() const;
  /// How many of those that live may still answer somebody. After `stop`.
  [[nodiscard]] uint32_t asked() const;

  ManualClock clock;
  SeededRandom random;
  MemoryJournal journal;
  NativeFactory factory;

  /// From now on nobody starts anything new.
  std::atomic<bool> calm = false;
  Gauge lives;
  Gauge open;     // requests of those who live that wait for their end
  Gauge stalled;  // messages that stand before a full mailbox
  std::atomic<uint64_t> ended = 0;
  std::atomic<uint64_t> ended_twice = 0;

  /// For a process's constructor and destructor.
  void enter(ProcessContext& context);
  void leave(ProcessContext& context);

 private:
  class Silence final : public Printer {
   public:
    void print(Printout) override {}
  };
  Silence printer_;
  mutable std::mutex mutex_;
  std::set<ProcessContext*> living_;

 public:
  WorkerPool pool;
  Kernel kernel;
};

}  // namespace kinode::kernel::testing
