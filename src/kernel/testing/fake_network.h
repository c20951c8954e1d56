// A network that keeps what it is given, until the test takes it to where it should go. Any thread.
#pragma once

#include <deque>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "kernel/network.h"

namespace kinode::kernel::testing {

class FakeNetwork final : public Network {
 public:
  Carried carry(KernelMessage& message, const std::shared_ptr<Task>& sender) override {
    std::scoped_lock lock(mutex_);
    if (answer_ == Carried::taken) {
      taken_.push_back(std::move(message));
    } else if (answer_ == Carried::full && sender) {
      waiting_.push_back(sender);
    }
    return answer_;
  }

  /// What `carry` says from now on.
  void answer(Carried answer) {
    std::scoped_lock lock(mutex_);
    answer_ = answer;
  }
  /// The oldest message taken, or none.
  std::optional<KernelMessage> next() {
    std::scoped_lock lock(mutex_);
    if (taken_.empty()) {
      return std::nullopt;
    }
    std::optional<KernelMessage> first = std::move(taken_.front());
    taken_.pop_front();
    return first;
  }
  /// There is room: wakes who waits for it.
  void wake(Executor& executor) {
    std::vector<std::weak_ptr<Task>> waiting;
    {
      std::scoped_lock lock(mutex_);
      answer_ = Carried::taken;
      waiting = std::exchange(waiting_, {});
    }
    for (const std::weak_ptr<Task>& waiter : waiting) {
      if (std::shared_ptr<Task> task = waiter.lock()) {
        executor.wake(std::move(task), WakeHint::elsewhere);
      }
    }
  }

 private:
  std::mutex mutex_;
  Carried answer_ = Carried::taken;
  std::deque<KernelMessage> taken_;
  std::vector<std::weak_ptr<Task>> waiting_;
};

}  // namespace kinode::kernel::testing
