// WorkerPool: runs many tasks on few threads, for the node's processes: one worker for each core.
//
// Where a ready task waits:
//   next slot   of the worker whose thread woke it with WakeHint::here; it runs there when the present
//               task's poll ends, so a request and its response stay on one core. Others take it only
//               when that poll does not end.
//   woken       a queue for each worker, first in first out; an idle worker takes half of another's.
//   yielded     one queue for all: tasks that used up their slice. Served when no worker has a woken
//               task waiting, or when none of them was served for `patience`: so they never starve.
// A tick of pre-emption also hits tasks that had only just begun, so the first yield after a wake
// goes back among the woken, and only the second to the yielded.
//
// A pair that passes a slot to and fro gives way to its worker's queue after some turns.
//
// Idle workers sleep. One that runs out of work looks around for some microseconds first; at most one
// sleeper is woken at a time, and it wakes the next when it finds more than it takes. Nobody is woken
// for a task in a next slot.
//
// No wake is lost, and none is remembered: see Executor. Tasks are kept alive while they wait and run,
// and are let go without any lock held.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "base/delay_histogram.h"
#include "base/executor.h"

namespace kinode {

class WorkerPool final : public Executor {
 public:
  struct Options {
    /// 0: one for each core that this process may use.
    size_t workers = 0;
    /// Of the threads, with a number after it.
    std::string name = "worker";
    /// The longest time in which no yielded task is served while there are some.
    std::chrono::microseconds patience{4'000};
    /// How long a worker looks for work before it sleeps.
    std::chrono::microseconds search{5};
    /// Called when a worker goes from sleep to work, by that worker: `active` is greater than 0.
    std::function<void()> on_active = {};
    /// Called when a task is woken that no worker is free for while a yielded task runs, at most once
    /// in `preempt_interval`, by the thread that wakes: it should make what runs yield soon.
    std::function<void()> preempt = {};
    std::chrono::microseconds preempt_interval{100};
  };

  explicit WorkerPool(Options options);
  /// Stops.
  ~WorkerPool() override;
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// Any thread. After `stop` it has no effect.
  void wake(std::shared_ptr<Task> task, WakeHint hint) override;

  /// Returns when every worker has finished its present task's poll and ended; tasks that wait are let
  /// go. Whatever makes polls end (the ticker) must still work. Not to be called by a task.
  void stop();

  [[nodiscard]] size_t workers() const;
  /// Workers that do not sleep. Any thread.
  [[nodiscard]] size_t active() const;
  /// To be called about once in a millisecond while `active`: sees to it that a task is not left in the
  /// next slot behind a poll that takes long while another worker sleeps. Any one thread.
  void nudge();

  struct Counters {
    uint64_t polls = 0;
    uint64_t from_next = 0;  // tasks taken from the worker's next slot
    uint64_t stolen = 0;     // tasks taken from another worker
    uint64_t from_yielded = 0;
    uint64_t sleeps = 0;
    uint64_t preempted = 0;  // calls of Options::preempt
    uint64_t busy = 0;       // time in tasks, of all workers together, in counts of CycleClock
    DelaySnapshot delays;    // from a wake to the run that follows, of one wake in `delay_sample`
  };
  static constexpr unsigned delay_sample = 16;
  /// Roughly: workers go on counting. Any thread.
  [[nodiscard]] Counters counters() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kinode
