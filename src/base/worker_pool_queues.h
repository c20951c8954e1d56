// The queues of a WorkerPool: what waits and where. Used by worker_pool.cpp alone.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/delay_histogram.h"
#include "base/executor.h"

namespace kinode::worker_pool {

using Moment = std::chrono::steady_clock::time_point;

inline Moment now() { return std::chrono::steady_clock::now(); }

enum class Rank : uint8_t {
  woken,    // by a message
  again,    // yielded once since it was woken
  yielded,  // used up its slice
};

struct Ready {
  std::shared_ptr<Task> task;
  Rank rank = Rank::woken;
  Moment woken_at{};  // where it is one of those whose delay is measured

  explicit operator bool() const { return task != nullptr; }
};

// First in, first out, in one run of memory that only grows.
class Ring {
 public:
  [[nodiscard]] size_t size() const { return size_; }

  void push(Ready ready) {
    if (size_ == places_.size()) {
      grow();
    }
    places_[(first_ + size_++) & (places_.size() - 1)] = std::move(ready);
  }
  Ready pop() {
    Ready ready = std::move(places_[first_]);
    first_ = (first_ + 1) & (places_.size() - 1);
    --size_;
    return ready;
  }

 private:
  void grow() {
    std::vector<Ready> larger(std::max<size_t>(places_.size() * 2, 64));  // a power of two
    for (size_t i = 0; i < size_; ++i) {
      larger[i] = std::move(places_[(first_ + i) & (places_.size() - 1)]);
    }
    places_ = std::move(larger);
    first_ = 0;
  }

  std::vector<Ready> places_;
  size_t first_ = 0;
  size_t size_ = 0;
};

struct alignas(128) Worker {
  size_t index = 0;

  // Guards `next` and `woken`; the copies of what they hold are for looking without it.
  std::mutex mutex;
  Ready next;
  Ring woken;
  std::atomic<bool> has_next = false;
  std::atomic<size_t> waiting = 0;

  // With the mutex.
  Ready take_next() {
    has_next.store(false, std::memory_order_relaxed);
    return std::exchange(next, {});
  }
  Ready take_woken() {
    Ready ready = woken.pop();
    waiting.store(woken.size(), std::memory_order_relaxed);
    return ready;
  }

  // The worker's own thread alone.
  unsigned turns_of_next = 0;
  std::vector<Ready> loot;
  uint64_t accounted = 0;  // up to this count of CycleClock its time was given to tasks, or was its own

  DelayHistogram delays;  // from the wake of a task to its run
  Count busy;             // counts of CycleClock in tasks
  Count polls;
  Count from_next;
  Count stolen;
  Count from_yielded;
  Count sleeps;
  uint64_t polls_at_nudge = 0;  // the nudging thread's

  // Guarded by the pool.
  bool asleep = false;
  std::condition_variable awake;

  std::thread thread;
};

constexpr size_t most_loot = 64;

// Any thread, but for those functions that take a worker: they are for its own thread, `push_woken`
// excepted. Nothing here wakes a worker.
struct Queues {
  Queues(size_t count, std::chrono::microseconds longest_wait);

  std::deque<Worker> workers;
  const std::chrono::microseconds patience;
  std::atomic<bool> stopping = false;

  std::mutex yielded_mutex;
  Ring yielded;
  std::atomic<size_t> yielded_waiting = 0;
  std::atomic<Moment> yielded_served{Moment{}};
  std::atomic<size_t> yielded_running = 0;

  // False once stopping: the task is let go.
  bool push_woken(Worker& worker, Ready ready);
  void push_yielded(Ready ready);
  // `only_if_due`: only when no yielded task was served for `patience`.
  Ready take_yielded(Worker& worker, bool only_if_due);
  // From the worker's next slot or queue.
  Ready take_own(Worker& worker);
  // Takes half of the first other queue found with something in it.
  Ready steal_woken(Worker& thief);
  // Takes a next slot's task from behind a poll that goes on since `polls_before` was noted.
  Ready steal_next(Worker& thief, const std::vector<uint64_t>& polls_before);
  // Whether something waits that a sleeping worker could take. Takes every lock: who queues a task and
  // sees no sleeper has queued it before this looks.
  bool anything_waits();
  // What still waits, once no worker runs.
  std::vector<Ready> drain();
};

}  // namespace kinode::worker_pool
