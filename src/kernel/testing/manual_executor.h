// An executor with no thread: the test runs each task by hand, on its own thread.
//
// Tasks run in the order they were woken, one woken with WakeHint::here before the others; the same
// test gives the same run. A test that looks for orders picks them itself, with `step(index)`.
//
// `wake` is for any thread (a journal's or a pool's may wake); stepping is for one.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>

#include "base/executor.h"

namespace kinode::kernel::testing {

class ManualExecutor final : public Executor {
 public:
  ~ManualExecutor() override;

  void wake(std::shared_ptr<Task> task, WakeHint hint) override;

  /// How many tasks are ready.
  [[nodiscard]] size_t ready() const;
  /// Runs the task that is next, or that at `index` of the ready ones; false if there is none.
  bool step(size_t index = 0);
  /// Steps until nothing is ready; returns how many steps that took. `at_most` many steps are taken
  /// for a sign of tasks that wake each other for ever, and end the test.
  size_t run(size_t at_most = 1'000'000);
  /// Waits for another thread to wake something; false if none does in `time`.
  bool wait_ready(std::chrono::milliseconds time);

 private:
  void push(std::shared_ptr<Task> task, WakeHint hint);

  mutable std::mutex mutex_;
  std::condition_variable woken_;
  std::deque<std::shared_ptr<Task>> queue_;
};

}  // namespace kinode::kernel::testing
