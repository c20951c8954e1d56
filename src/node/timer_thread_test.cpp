#include "node/timer_thread.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <functional>
#include <mutex>

namespace kinode::node {
namespace {

using namespace std::chrono_literals;

/// One who waits for times that the test sets.
class Waiter {
 public:
  TimerThread::Source source() {
    return {[this] {
              std::lock_guard lock(mutex_);
              return next_;
            },
            [this] {
              std::lock_guard lock(mutex_);
              if (next_ && *next_ <= clock_.now()) {
                next_.reset();
                ++fired_;
              }
              ++advanced_;
              changed_.notify_all();
            }};
  }
  void set(std::optional<Instant> next) {
    std::lock_guard lock(mutex_);
    next_ = next;
  }
  bool wait_fired(int times) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 30s, [&] { return fired_ >= times; });
  }
  bool wait_advanced(int times) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 30s, [&] { return advanced_ >= times; });
  }
  int fired() {
    std::lock_guard lock(mutex_);
    return fired_;
  }

 private:
  SystemClock clock_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Instant> next_;
  int fired_ = 0;
  int advanced_ = 0;
};

struct TimerThreadTest : ::testing::Test {
  void start(std::initializer_list<Waiter*> waiters) {
    for (Waiter* waiter : waiters) {
      thread.add(waiter->source());
    }
    thread.start();
  }

  SystemClock clock;
  Waiter one;
  Waiter two;
  TimerThread thread{clock};
};

TEST_F(TimerThreadTest, FiresWhatWasSetBeforeTheStart) {
  one.set(clock.now() + 5ms);
  two.set(clock.now() + 1ms);
  start({&one, &two});
  EXPECT_TRUE(one.wait_fired(1));
  EXPECT_TRUE(two.wait_fired(1));
}

TEST_F(TimerThreadTest, IsWokenForATimeWhenItHadNone) {
  start({&one, &two});
  ASSERT_TRUE(one.wait_advanced(1));
  Instant time = clock.now() + 1ms;
  one.set(time);
  thread.notify(time);
  EXPECT_TRUE(one.wait_fired(1));
  EXPECT_EQ(two.fired(), 0);
}

TEST_F(TimerThreadTest, IsWokenForAnEarlierTimeThanItSleepsFor) {
  one.set(clock.now() + 1h);
  start({&one, &two});
  ASSERT_TRUE(one.wait_advanced(1));
  Instant time = clock.now() + 1ms;
  two.set(time);
  thread.notify(time);
  EXPECT_TRUE(two.wait_fired(1));
  EXPECT_EQ(one.fired(), 0);
}

TEST_F(TimerThreadTest, ALaterTimeIsFoundWhenTheEarlierOneFired) {
  one.set(clock.now() + 2ms);
  start({&one, &two});
  Instant time = clock.now() + 10ms;
  two.set(time);
  thread.notify(time);
  EXPECT_TRUE(one.wait_fired(1));
  EXPECT_TRUE(two.wait_fired(1));
}

TEST_F(TimerThreadTest, NoNoticeIsLostHoweverItFalls) {
  start({&one, &two});
  for (int i = 1; i <= 300; ++i) {
    // As often as not while the thread is just about to sleep.
    Instant time = clock.now() + std::chrono::microseconds(i % 7 * 50);
    one.set(time);
    thread.notify(time);
    ASSERT_TRUE(one.wait_fired(i)) << i;
  }
}

TEST_F(TimerThreadTest, StopsThoughATimeIsFarAway) {
  one.set(clock.now() + 1h);
  start({&one, &two});
  ASSERT_TRUE(one.wait_advanced(1));
  thread.stop();
  thread.stop();
  EXPECT_EQ(one.fired(), 0);
}

TEST_F(TimerThreadTest, StopsWithoutAStart) { thread.stop(); }

}  // namespace
}  // namespace kinode::node
