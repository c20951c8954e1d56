// Tasks: the executor of a node, which also notes what it was told to run, when somebody asks.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "kernel/process_entry.h"
#include "kernel/testing/manual_executor.h"

namespace kinode::simulation {

class Tasks final : public Executor {
 public:
  void wake(std::shared_ptr<Task> task, WakeHint hint) override {
    if (noting_) {
      noted_.push_back(static_cast<kernel::ProcessEntry*>(task.get())->id());
    }
    executor_.wake(std::move(task), hint);
  }
  [[nodiscard]] size_t ready() const { return executor_.ready(); }
  void run(size_t index) { executor_.step(index); }

  void note() { noting_ = true; }
  /// The processes woken since `note`, in that order.
  std::vector<ProcessId> noted() {
    noting_ = false;
    return std::exchange(noted_, {});
  }

 private:
  kernel::testing::ManualExecutor executor_;
  bool noting_ = false;
  std::vector<ProcessId> noted_;
};

}  // namespace kinode::simulation
