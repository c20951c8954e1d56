#include "modules/timer/timers.h"

#include <gmock/gmock.h>

namespace kinode::modules {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

class TimersTest : public ::testing::Test {
 protected:
  Timers::Added add(Instant now, uint64_t milliseconds, const std::string& name) {
    return timers.add(owner, now, milliseconds, [this, name] { fired.push_back(name); });
  }

  const Instant start{1000h};
  const ProcessId owner{"a", "test", "sys"};
  const ProcessId other{"b", "test", "sys"};
  std::vector<Instant> notified;
  std::vector<std::string> fired;
  Timers timers{[this](Instant earliest) { notified.push_back(earliest); }};
};

TEST_F(TimersTest, FiresInTheOrderOfTimesThenOfAdding) {
  add(start, 20, "late");
  add(start, 10, "first");
  add(start + 5ms, 5, "second");
  add(start, 10, "third");
  EXPECT_EQ(timers.next_deadline(), start + 10ms);
  timers.advance(start + 10ms - 1ns);
  EXPECT_TRUE(fired.empty());
  timers.advance(start + 10ms);
  EXPECT_THAT(fired, ElementsAre("first", "second", "third"));
  EXPECT_EQ(timers.next_deadline(), start + 20ms);
  timers.advance(start + 1h);
  EXPECT_THAT(fired, ElementsAre("first", "second", "third", "late"));
  EXPECT_EQ(timers.next_deadline(), std::nullopt);
  EXPECT_EQ(timers.size(), 0);
}

TEST_F(TimersTest, TellsOfEachNewEarliestTime) {
  add(start, 20, "a");
  add(start, 30, "b");
  add(start, 20, "c");
  add(start, 10, "d");
  EXPECT_THAT(notified, ElementsAre(start + 20ms, start + 10ms));
}

TEST_F(TimersTest, NeverFiresEarly) {
  add(start + 1ns, 10, "a");
  timers.advance(start + 10ms + 1ns);
  EXPECT_TRUE(fired.empty());
  timers.advance(start + 11ms);
  EXPECT_THAT(fired, ElementsAre("a"));
}

TEST_F(TimersTest, TimesBeyondTheClockAreNever) {
  for (uint64_t milliseconds : {UINT64_MAX, UINT64_MAX - 1, uint64_t{1} << 63, uint64_t{INT64_MAX} / 1'000'000}) {
    EXPECT_EQ(add(start, milliseconds, "never"), Timers::Added::added);
  }
  timers.advance(Instant::max());
  EXPECT_TRUE(fired.empty());
  EXPECT_EQ(timers.size(), 4);
  EXPECT_GT(timers.next_deadline(), start);
}

TEST_F(TimersTest, BoundsTheTimersOfOneProcess) {
  for (size_t i = 0; i < Timers::max_of_one; ++i) {
    ASSERT_EQ(add(start, 1 + i % 7, "x"), Timers::Added::added);
  }
  EXPECT_EQ(add(start, 1, "x"), Timers::Added::too_many_of_one);
  EXPECT_EQ(timers.add(other, start, 1, [] {}), Timers::Added::added);
  timers.advance(start + 1ms);
  EXPECT_EQ(add(start, 1, "x"), Timers::Added::added);
}

TEST_F(TimersTest, ForgetsThoseOfWhomIsGone) {
  add(start, 5, "gone");
  timers.add(other, start, 5, [this] { fired.emplace_back("stays"); });
  add(start, 6, "gone");
  EXPECT_EQ(timers.remove_if([this](const ProcessId& id) { return id == owner; }), 2);
  EXPECT_EQ(timers.size(), 1);
  timers.advance(start + 1h);
  EXPECT_THAT(fired, ElementsAre("stays"));
}

TEST_F(TimersTest, WhatFiresMayAddAnother) {
  timers.add(owner, start, 1, [this] { add(start + 1ms, 0, "next"); });
  timers.advance(start + 1ms);
  EXPECT_TRUE(fired.empty());
  EXPECT_EQ(timers.next_deadline(), start + 1ms);
  timers.advance(start + 1ms);
  EXPECT_THAT(fired, ElementsAre("next"));
}

}  // namespace
}  // namespace kinode::modules
