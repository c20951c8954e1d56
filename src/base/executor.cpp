#include "base/executor.h"

namespace kinode {

bool TaskState::wake(Task& task) {
  uint8_t state = task.state_.load();
  while (true) {
    switch (state) {
      case idle:
        if (task.state_.compare_exchange_weak(state, queued)) {
          return true;
        }
        break;
      case running:
        if (task.state_.compare_exchange_weak(state, running_woken)) {
          return false;
        }
        break;
      default:
        return false;
    }
  }
}

void TaskState::start(Task& task) { task.state_.store(running); }

bool TaskState::finish(Task& task, Task::Outcome outcome) {
  uint8_t expected = running;
  if (outcome == Task::Outcome::wait && task.state_.compare_exchange_strong(expected, idle)) {
    return false;
  }
  task.state_.store(queued);
  return true;
}

}  // namespace kinode
