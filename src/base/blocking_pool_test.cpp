#include "base/blocking_pool.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <array>
#include <atomic>
#include <functional>
#include <latch>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

namespace kinode {
namespace {

TEST(BlockingPool, RunsAllThatWasSubmittedBeforeItIsDestroyed) {
  std::atomic<int> done = 0;
  {
    BlockingPool pool("work", 3);
    for (int i = 0; i < 1000; ++i) {
      pool.submit([&] { ++done; });
    }
  }
  EXPECT_EQ(done, 1000);
}

TEST(BlockingPool, RunsWhatItsWorkSubmitsWhileItIsDestroyed) {
  std::atomic<int> done = 0;
  std::function<void(int)> chain;
  {
    BlockingPool pool("work", 2);
    chain = [&](int left) {
      ++done;
      if (left > 0) {
        pool.submit([&chain, left] { chain(left - 1); });
      }
    };
    pool.submit([&] { chain(100); });
  }
  EXPECT_EQ(done, 101);
}

TEST(BlockingPool, GrowsUntilAsManyThreadsWaitAsItMayHave) {
  BlockingPool pool("work", 4);
  std::latch all_at_once(4);
  std::latch finished(4);
  for (int i = 0; i < 4; ++i) {
    pool.submit([&] {
      all_at_once.arrive_and_wait();
      finished.count_down();
    });
  }
  finished.wait();
}

TEST(BlockingPool, StartsNoMoreThreadsThanItMay) {
  std::mutex mutex;
  std::set<std::thread::id> seen;
  {
    BlockingPool pool("work", 2);
    for (int i = 0; i < 200; ++i) {
      pool.submit([&] {
        std::lock_guard lock(mutex);
        seen.insert(std::this_thread::get_id());
      });
    }
  }
  EXPECT_LE(seen.size(), 2U);
}

TEST(BlockingPool, NamesItsThreads) {
  BlockingPool pool("a-rather-long-name", 1);
  std::latch finished(1);
  std::array<char, 16> name{};
  pool.submit([&] {
    pthread_getname_np(pthread_self(), name.data(), name.size());
    finished.count_down();
  });
  finished.wait();
  EXPECT_STREQ(name.data(), "a-rather-long-0");
}

TEST(BlockingPool, GoesOnAfterAnException) {
  std::atomic<bool> done = false;
  {
    BlockingPool pool("work", 1);
    pool.submit([] { throw std::runtime_error("on purpose"); });
    pool.submit([] { throw 7; });
    pool.submit([&] { done = true; });
  }
  EXPECT_TRUE(done);
}

TEST(SerialQueues, KeepsTheOrderOfAKey) {
  std::array<std::vector<int>, 8> seen;
  {
    BlockingPool pool("work", 4);
    SerialQueues queues(pool);
    for (int i = 0; i < 4000; ++i) {
      // Without the promise of one after another, this push_back would be a race.
      queues.submit("key" + std::to_string(i % 8), [&seen, i] { seen[i % 8].push_back(i); });
    }
  }
  for (int key = 0; key < 8; ++key) {
    ASSERT_EQ(seen[key].size(), 500U);
    for (int i = 0; i < 500; ++i) {
      EXPECT_EQ(seen[key][i], i * 8 + key);
    }
  }
}

TEST(SerialQueues, OtherKeysDoNotWait) {
  BlockingPool pool("work", 2);
  SerialQueues queues(pool);
  std::latch release(1);
  std::latch finished(1);
  queues.submit("slow", [&] { release.wait(); });
  queues.submit("fast", [&] { finished.count_down(); });
  finished.wait();
  release.count_down();
}

TEST(SerialQueues, AKeyCanBeUsedAgainAndFromItsOwnWork) {
  std::vector<int> seen;
  {
    BlockingPool pool("work", 2);
    SerialQueues queues(pool);
    std::latch first(1);
    queues.submit("key", [&] {
      seen.push_back(1);
      queues.submit("key", [&] {
        seen.push_back(2);
        first.count_down();
      });
    });
    first.wait();
    queues.submit("key", [&] { seen.push_back(3); });
    queues.submit("key", [] { throw std::runtime_error("on purpose"); });
    queues.submit("key", [&] { seen.push_back(4); });
  }
  EXPECT_EQ(seen, (std::vector{1, 2, 3, 4}));
}

}  // namespace
}  // namespace kinode
