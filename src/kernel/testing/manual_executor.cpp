#include "kernel/testing/manual_executor.h"

#include "base/check.h"

namespace kinode::kernel::testing {

ManualExecutor::~ManualExecutor() {
  // A task's destructor may wake another one.
  while (true) {
    std::deque<std::shared_ptr<Task>> left;
    {
      std::lock_guard lock(mutex_);
      left.swap(queue_);
    }
    if (left.empty()) {
      return;
    }
  }
}

void ManualExecutor::wake(std::shared_ptr<Task> task, WakeHint hint) {
  if (TaskState::wake(*task)) {
    push(std::move(task), hint);
  }
}

size_t ManualExecutor::ready() const {
  std::lock_guard lock(mutex_);
  return queue_.size();
}

bool ManualExecutor::step(size_t index) {
  std::shared_ptr<Task> task;
  {
    std::lock_guard lock(mutex_);
    if (index >= queue_.size()) {
      return false;
    }
    auto place = queue_.begin() + static_cast<std::ptrdiff_t>(index);
    task = std::move(*place);
    queue_.erase(place);
  }
  TaskState::start(*task);
  Task::Outcome outcome = task->run();
  if (TaskState::finish(*task, outcome)) {
    push(std::move(task), WakeHint::elsewhere);
  }
  return true;
}

size_t ManualExecutor::run(size_t at_most) {
  size_t steps = 0;
  while (step()) {
    ++steps;
    KINODE_CHECK(steps < at_most, "tasks are still ready after {} steps", steps);
  }
  return steps;
}

bool ManualExecutor::wait_ready(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  return woken_.wait_for(lock, time, [this] { return !queue_.empty(); });
}

void ManualExecutor::push(std::shared_ptr<Task> task, WakeHint hint) {
  std::lock_guard lock(mutex_);
  if (hint == WakeHint::here) {
    queue_.push_front(std::move(task));
  } else {
    queue_.push_back(std::move(task));
  }
  woken_.notify_all();
}

}  // namespace kinode::kernel::testing
