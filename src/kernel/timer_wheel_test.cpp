// The wheel against a list of deadlines that is searched from end to end.
#include "kernel/timer_wheel.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>

#include "kernel/process_entry.h"
#include "kernel/testing/test_node.h"

namespace kinode::kernel {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::SeededRandom;
using testing::TestNode;

const Instant start = Instant(1000h);

/// Timers need an owner that lives: the entry of a puppet.
class TimerWheelTest : public ::testing::Test {
 protected:
  TestNode node_;
  std::shared_ptr<ProcessEntry> owner_ = node_.add_puppet("owner:test:sys").context().entry().shared_from_this();
  TimerWheel wheel_{start};

  std::unique_ptr<Timer> timer(uint64_t id) { return std::make_unique<Timer>(owner_, Timer::Purpose::request, id); }
  std::vector<uint64_t> advance(Instant now) {
    std::vector<uint64_t> ids;
    for (const TimerWheel::Due& due : wheel_.advance(now)) {
      ids.push_back(due.id);
    }
    return ids;
  }
};

TEST_F(TimerWheelTest, FiresAtTheDeadlineAndNotBefore) {
  auto one = timer(1);
  wheel_.schedule(*one, start + 5ms);
  EXPECT_THAT(advance(start + 4ms + 999us), IsEmpty());
  EXPECT_THAT(advance(start + 5ms), ElementsAre(1));
  EXPECT_THAT(advance(start + 10ms), IsEmpty());
}

TEST_F(TimerWheelTest, ADeadlineWithinAMillisecondIsRoundedUpNeverDown) {
  auto one = timer(1);
  wheel_.schedule(*one, start + 5ms + 1ns);
  EXPECT_THAT(advance(start + 5ms + 999us), IsEmpty());
  EXPECT_THAT(advance(start + 6ms), ElementsAre(1));
}

TEST_F(TimerWheelTest, ADeadlineThatPassedFiresAtTheNextTick) {
  EXPECT_THAT(advance(start + 1h), IsEmpty());
  auto one = timer(1);
  wheel_.schedule(*one, start);
  EXPECT_THAT(advance(start + 1h), IsEmpty());
  EXPECT_THAT(advance(start + 1h + 1ms), ElementsAre(1));
}

TEST_F(TimerWheelTest, EqualDeadlinesFireInTheOrderTheyWereSet) {
  std::vector<std::unique_ptr<Timer>> timers;
  for (uint64_t id = 0; id < 5; ++id) {
    timers.push_back(timer(id));
    wheel_.schedule(*timers.back(), start + 5s);
  }
  EXPECT_THAT(advance(start + 5s), ElementsAre(0, 1, 2, 3, 4));
}

TEST_F(TimerWheelTest, SetAgainItFiresOnceAtTheNewDeadline) {
  auto one = timer(1);
  wheel_.schedule(*one, start + 5ms);
  wheel_.schedule(*one, start + 500ms);
  EXPECT_THAT(advance(start + 499ms), IsEmpty());
  EXPECT_THAT(advance(start + 500ms), ElementsAre(1));
  wheel_.schedule(*one, start + 600ms);
  EXPECT_THAT(advance(start + 600ms), ElementsAre(1));
}

TEST_F(TimerWheelTest, CancelledItDoesNotFireAndMayBeDestroyed) {
  auto one = timer(1);
  auto two = timer(2);
  auto three = timer(3);
  for (auto* each : {&one, &two, &three}) {
    wheel_.schedule(**each, start + 100ms);
  }
  wheel_.cancel(*two);
  wheel_.cancel(*two);
  two.reset();
  EXPECT_THAT(advance(start + 1s), ElementsAre(1, 3));
}

TEST_F(TimerWheelTest, ThatOfAnOwnerWhoIsGoneDoesNotFire) {
  auto one = std::make_unique<Timer>(std::weak_ptr<ProcessEntry>(), Timer::Purpose::wake);
  wheel_.schedule(*one, start + 1ms);
  EXPECT_THAT(advance(start + 1s), IsEmpty());
}

TEST_F(TimerWheelTest, FarDeadlinesAreKeptToTheMillisecond) {
  const std::vector<std::chrono::milliseconds> times = {64ms,    4096ms,    4097ms,        24h,
                                                        24h * 1, 24h * 365, 24h * 365 * 2, 24h * 365 * 100};
  for (std::chrono::milliseconds time : times) {
    TimerWheel wheel(start);
    auto one = timer(1);
    wheel.schedule(*one, start + time);
    EXPECT_TRUE(wheel.advance(start + time - 1ms).empty()) << time.count();
    EXPECT_EQ(wheel.advance(start + time).size(), 1) << time.count();
  }
}

TEST_F(TimerWheelTest, AfterYearsOfUptimeADeadlineIsStillNotEarly) {
  for (std::chrono::milliseconds uptime : {24h * 365 * 5, 24h * 796}) {
    for (std::chrono::milliseconds late : std::initializer_list<std::chrono::milliseconds>{0ms, 1ms, 63ms, 1h, 24h}) {
      TimerWheel wheel(start);
      Instant now = start + uptime - late;
      EXPECT_TRUE(wheel.advance(now).empty());
      auto one = timer(1);
      wheel.schedule(*one, now + 48h);
      EXPECT_TRUE(wheel.advance(now + 48h - 1ms).empty());
      EXPECT_EQ(wheel.advance(now + 48h).size(), 1);
    }
  }
}

TEST_F(TimerWheelTest, TellsOfAnEarlierDeadlineOnly) {
  std::vector<Instant> told;
  wheel_.on_deadline([&](Instant when) { told.push_back(when); });
  std::vector<std::unique_ptr<Timer>> timers;
  auto schedule = [&](std::chrono::milliseconds time) {
    timers.push_back(timer(0));
    wheel_.schedule(*timers.back(), start + time);
  };
  schedule(100ms);
  schedule(200ms);
  schedule(50ms);
  schedule(50ms);
  EXPECT_THAT(told, ElementsAre(start + 100ms, start + 50ms));
  EXPECT_LE(*wheel_.next_deadline(), start + 50ms);
  told.clear();
  advance(start + 100ms);
  schedule(60ms);   // passed: the next tick
  schedule(150ms);  // after what is known already
  EXPECT_THAT(told, ElementsAre(start + 101ms));
}

TEST_F(TimerWheelTest, WhoWasToldThatThereIsNothingIsToldOfTheNextDeadline) {
  std::vector<Instant> told;
  wheel_.on_deadline([&](Instant when) { told.push_back(when); });
  auto one = timer(1);
  wheel_.schedule(*one, start + 100ms);
  wheel_.cancel(*one);
  EXPECT_EQ(wheel_.next_deadline(), std::nullopt);
  wheel_.schedule(*one, start + 150ms);
  EXPECT_THAT(told, ElementsAre(start + 100ms, start + 150ms));
}

TEST_F(TimerWheelTest, SleepingUntilTheNextDeadlineMissesNothing) {
  SeededRandom random(7);
  for (int round = 0; round < 200; ++round) {
    TimerWheel wheel(start);
    auto one = timer(1);
    std::chrono::milliseconds time(1 + random.next() % (uint64_t{1} << random.below(40)));
    wheel.schedule(*one, start + time);
    Instant now = start;
    int wakes = 0;
    while (true) {
      std::optional<Instant> next = wheel.next_deadline();
      ASSERT_TRUE(next.has_value());
      ASSERT_GT(*next, now);
      now = *next;
      ASSERT_LE(++wakes, 10);
      if (!wheel.advance(now).empty()) {
        break;
      }
    }
    EXPECT_EQ(now, start + time);
  }
}

/// Random schedules, cancels and advances, some of them of years, against the naive model.
TEST_F(TimerWheelTest, DoesWhatANaiveModelDoes) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    SeededRandom random(seed);
    TimerWheel wheel(start);
    std::map<uint64_t, std::unique_ptr<Timer>> timers;
    std::map<uint64_t, std::pair<uint64_t, uint64_t>> model;  // id: tick and order set
    for (uint64_t id = 0; id < 40; ++id) {
      timers.emplace(id, timer(id));
    }
    uint64_t now = 0;
    uint64_t order = 0;
    for (int step = 0; step < 400; ++step) {
      uint64_t id = random.below(timers.size());
      uint64_t reach = uint64_t{1} << random.below(38);
      switch (random.below(4)) {
        case 0:
        case 1: {
          uint64_t tick = now + random.below(reach);
          wheel.schedule(*timers[id], start + std::chrono::milliseconds(tick));
          model[id] = {std::max(tick, now + 1), order++};
          break;
        }
        case 2:
          wheel.cancel(*timers[id]);
          model.erase(id);
          break;
        default: {
          now += random.below(reach);
          std::vector<uint64_t> expected;
          for (const auto& [each, when] : model) {
            if (when.first <= now) {
              expected.push_back(each);
            }
          }
          std::ranges::sort(expected, {}, [&](uint64_t each) { return model[each]; });
          std::vector<uint64_t> fired;
          for (const TimerWheel::Due& due : wheel.advance(start + std::chrono::milliseconds(now))) {
            fired.push_back(due.id);
            model.erase(due.id);
          }
          ASSERT_EQ(fired, expected) << "seed " << seed << " step " << step;
        }
      }
      ASSERT_EQ(wheel.next_deadline().has_value(), !model.empty());
      for (const auto& [each, when] : model) {
        ASSERT_LE(*wheel.next_deadline(), start + std::chrono::milliseconds(when.first));
      }
    }
  }
}

}  // namespace
}  // namespace kinode::kernel
