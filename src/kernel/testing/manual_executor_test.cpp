#include "kernel/testing/manual_executor.h"

#include <gmock/gmock.h>

#include <functional>
#include <string>

namespace kinode::kernel::testing {
namespace {

using ::testing::ElementsAre;

class Noting final : public Task {
 public:
  Noting(std::vector<std::string>& notes, std::string name) : notes_(notes), name_(std::move(name)) {}
  Outcome run() override {
    notes_.push_back(name_);
    return then ? then() : Outcome::wait;
  }
  std::function<Outcome()> then;

 private:
  std::vector<std::string>& notes_;
  std::string name_;
};

class ManualExecutorTest : public ::testing::Test {
 protected:
  std::vector<std::string> notes;
  std::shared_ptr<Noting> a = std::make_shared<Noting>(notes, "a");
  std::shared_ptr<Noting> b = std::make_shared<Noting>(notes, "b");
  std::shared_ptr<Noting> c = std::make_shared<Noting>(notes, "c");
  ManualExecutor executor;
};

TEST_F(ManualExecutorTest, RunsInTheOrderWokenEachOnce) {
  executor.wake(b, WakeHint::elsewhere);
  executor.wake(a, WakeHint::elsewhere);
  executor.wake(b, WakeHint::elsewhere);
  executor.wake(c, WakeHint::here);
  EXPECT_EQ(executor.ready(), 3);
  EXPECT_TRUE(notes.empty());
  EXPECT_EQ(executor.run(), 3);
  EXPECT_THAT(notes, ElementsAre("c", "b", "a"));
  EXPECT_FALSE(executor.step());
}

TEST_F(ManualExecutorTest, ATaskWokenWhileItRunsRunsAgainAndOneThatYieldsGoesLast) {
  int left = 1;
  a->then = [&] {
    if (left-- > 0) {
      executor.wake(a, WakeHint::elsewhere);
      executor.wake(b, WakeHint::elsewhere);
    }
    return Task::Outcome::wait;
  };
  int yields = 1;
  b->then = [&] {
    executor.wake(c, WakeHint::elsewhere);
    return yields-- > 0 ? Task::Outcome::yield : Task::Outcome::wait;
  };
  executor.wake(a, WakeHint::elsewhere);
  executor.run();
  EXPECT_THAT(notes, ElementsAre("a", "b", "a", "c", "b", "c"));
}

TEST_F(ManualExecutorTest, TheTestPicksTheOrder) {
  for (const auto& task : {a, b, c}) {
    executor.wake(task, WakeHint::elsewhere);
  }
  EXPECT_TRUE(executor.step(2));
  EXPECT_TRUE(executor.step(1));
  EXPECT_FALSE(executor.step(1));
  EXPECT_TRUE(executor.step());
  EXPECT_THAT(notes, ElementsAre("c", "b", "a"));
}

}  // namespace
}  // namespace kinode::kernel::testing
