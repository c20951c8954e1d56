// Who runs what is ready: the seam between what a task does and the threads that do it.
//
// A task is run by one thread at a time, though not always by the same. Waking it while it runs makes
// it run once more; waking it twice runs it once. So a task that looks at all its inputs each time
// it runs misses nothing.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

namespace kinode {

/// Whether the thread that wakes a task is about to wait itself, so that the task had best run on it.
enum class WakeHint : uint8_t { elsewhere, here };

class Task {
 public:
  virtual ~Task() = default;

  enum class Outcome : uint8_t {
    wait,   // until it is woken
    yield,  // ready, but others first: it used up its slice
  };
  /// Called by an executor. Never blocks.
  virtual Outcome run() = 0;

  /// For how long it ran in all, in counts of CycleClock, as far as its executor measures that. Any thread.
  [[nodiscard]] uint64_t busy() const { return busy_.load(std::memory_order_relaxed); }

 private:
  friend class TaskState;
  std::atomic<uint64_t> busy_ = 0;
  std::atomic<uint8_t> state_ = 0;
};

class Executor {
 public:
  virtual ~Executor() = default;
  /// Any thread.
  virtual void wake(std::shared_ptr<Task> task, WakeHint hint) = 0;
};

/// The life of a task between an executor's queues; used by the executors alone.
class TaskState {
 public:
  /// True if the caller must put the task into a queue.
  static bool wake(Task& task);
  /// Before `run`.
  static void start(Task& task);
  /// After `run`, before `finish`.
  static void add_busy(Task& task, uint64_t counts) {
    task.busy_.store(task.busy() + counts, std::memory_order_relaxed);  // only who runs it writes it
  }
  /// After `run`. True if the caller must put the task into a queue again, as it was woken while it
  /// ran or yielded.
  static bool finish(Task& task, Task::Outcome outcome);

 private:
  enum : uint8_t { idle, queued, running, running_woken };
};

}  // namespace kinode
