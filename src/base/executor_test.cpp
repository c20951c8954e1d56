#include "base/executor.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace kinode {
namespace {

class Sleeper : public Task {
 public:
  Outcome run() override { return Outcome::wait; }
};

TEST(TaskState, WokenTwiceIsQueuedOnce) {
  Sleeper task;
  EXPECT_TRUE(TaskState::wake(task));
  EXPECT_FALSE(TaskState::wake(task));
}

TEST(TaskState, WaitsUntilItIsWoken) {
  Sleeper task;
  ASSERT_TRUE(TaskState::wake(task));
  TaskState::start(task);
  EXPECT_FALSE(TaskState::finish(task, Task::Outcome::wait));
  EXPECT_TRUE(TaskState::wake(task));
}

TEST(TaskState, WokenWhileItRunsRunsOnceMore) {
  Sleeper task;
  ASSERT_TRUE(TaskState::wake(task));
  TaskState::start(task);
  EXPECT_FALSE(TaskState::wake(task));
  EXPECT_FALSE(TaskState::wake(task));
  EXPECT_TRUE(TaskState::finish(task, Task::Outcome::wait));
  EXPECT_FALSE(TaskState::wake(task)) << "it is in a queue";
  TaskState::start(task);
  EXPECT_FALSE(TaskState::finish(task, Task::Outcome::wait)) << "the wakes were one";
}

TEST(TaskState, WokenInItsQueueRunsOnce) {
  Sleeper task;
  ASSERT_TRUE(TaskState::wake(task));
  EXPECT_FALSE(TaskState::wake(task));
  TaskState::start(task);
  EXPECT_FALSE(TaskState::finish(task, Task::Outcome::wait));
}

TEST(TaskState, YieldIsQueuedAgain) {
  Sleeper task;
  ASSERT_TRUE(TaskState::wake(task));
  TaskState::start(task);
  EXPECT_TRUE(TaskState::finish(task, Task::Outcome::yield));
  EXPECT_FALSE(TaskState::wake(task));
  TaskState::start(task);
  EXPECT_FALSE(TaskState::wake(task));
  EXPECT_TRUE(TaskState::finish(task, Task::Outcome::yield));
}

TEST(TaskState, LosesNoWakeBetweenThreads) {
  // Each thread adds to `input`, then wakes; whoever is told to queue the task runs it at once. The task
  // must never run twice at a time, and must see every addition.
  constexpr int threads = 4;
  constexpr int rounds = 20'000;
  Sleeper task;
  std::atomic<int> input = 0;
  std::atomic<int> inside = 0;
  std::atomic<bool> overlapped = false;
  int seen = 0;
  std::vector<std::jthread> workers;
  for (int i = 0; i < threads; ++i) {
    workers.emplace_back([&] {
      for (int round = 0; round < rounds; ++round) {
        input.fetch_add(1);
        bool mine = TaskState::wake(task);
        while (mine) {
          TaskState::start(task);
          overlapped = overlapped || inside.fetch_add(1) != 0;
          seen += input.exchange(0);
          inside.fetch_sub(1);
          mine = TaskState::finish(task, Task::Outcome::wait);
        }
      }
    });
  }
  workers.clear();
  EXPECT_FALSE(overlapped);
  EXPECT_EQ(seen, threads * rounds);
  EXPECT_EQ(input.load(), 0);
}

}  // namespace
}  // namespace kinode
