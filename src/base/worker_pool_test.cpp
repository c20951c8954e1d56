#include "base/worker_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <latch>
#include <memory>
#include <numeric>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/cycle_clock.h"

namespace kinode {
namespace {

class FunctionTask final : public Task {
 public:
  explicit FunctionTask(std::function<Outcome()> function) : function_(std::move(function)) {}
  Outcome run() override { return function_(); }

 private:
  std::function<Outcome()> function_;
};

std::shared_ptr<Task> task(std::function<Task::Outcome()> function) {
  return std::make_shared<FunctionTask>(std::move(function));
}

constexpr auto wait = Task::Outcome::wait;
constexpr auto yield = Task::Outcome::yield;
constexpr auto here = WakeHint::here;
constexpr auto elsewhere = WakeHint::elsewhere;

// One worker stands in this task until the test has queued what it wants to see in order.
struct Gate {
  std::latch entered{1};
  std::latch opened{1};
  std::shared_ptr<Task> stand = task([this] {
    entered.count_down();
    opened.wait();
    return wait;
  });

  void close(WorkerPool& pool) {
    pool.wake(stand, elsewhere);
    entered.wait();
  }
};

TEST(WorkerPool, RunsATaskOnceForEachWakeWhileItWaits) {
  WorkerPool pool({.workers = 2});
  for (int i = 0; i < 1000; ++i) {
    std::latch ran(1);
    pool.wake(task([&] {
                ran.count_down();
                return wait;
              }),
              elsewhere);
    ran.wait();
  }
  pool.stop();
  EXPECT_EQ(pool.counters().polls, 1000U);
}

// Each task is woken very often from many threads; what was given before a wake is always taken.
TEST(WorkerPool, LosesNoWake) {
  constexpr int tasks = 64;
  constexpr int senders = 4;
  constexpr int rounds = 500;
  struct Inbox {
    std::atomic<int> given = 0;
    int taken = 0;  // a race, were the task run by two workers at one time
    std::shared_ptr<Task> task;
  };
  std::array<Inbox, tasks> inboxes;
  std::latch all_taken(tasks);
  WorkerPool pool({.workers = 3});
  for (Inbox& inbox : inboxes) {
    inbox.task = task([&] {
      int news = inbox.given.exchange(0);
      inbox.taken += news;
      if (news > 0 && inbox.taken == senders * rounds) {
        all_taken.count_down();
      }
      return news % 7 == 1 ? yield : wait;
    });
  }
  std::vector<std::thread> threads;
  for (int sender = 0; sender < senders; ++sender) {
    threads.emplace_back([&] {
      for (int round = 0; round < rounds; ++round) {
        for (Inbox& inbox : inboxes) {
          ++inbox.given;
          pool.wake(inbox.task, round % 2 == 0 ? here : elsewhere);
        }
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  all_taken.wait();
}

// A ring of tasks that wake each other; every hop can go by a slot, a queue or a thief.
TEST(WorkerPool, PassesTokensAroundARing) {
  constexpr int size = 50;
  constexpr int tokens = 20;
  constexpr int rounds = 400;
  struct Station {
    std::atomic<int> inbox = 0;
    std::shared_ptr<Task> task;
  };
  std::array<Station, size> ring;
  std::atomic<int> hops_left = tokens * rounds;
  std::latch over(1);
  WorkerPool pool({.workers = 4});
  for (int i = 0; i < size; ++i) {
    ring[i].task = task([&, i] {
      int here_now = ring[i].inbox.exchange(0);
      for (int k = 0; k < here_now; ++k) {
        int left = hops_left.fetch_sub(1);
        if (left == 1) {
          over.count_down();
        }
        if (left > 0) {
          Station& next = ring[(i * 7 + k + 1) % size];
          next.inbox.fetch_add(1);
          pool.wake(next.task, (i + k) % 3 == 0 ? elsewhere : here);
        }
      }
      return wait;
    });
  }
  for (int t = 0; t < tokens; ++t) {
    ring[t].inbox.fetch_add(1);
    pool.wake(ring[t].task, elsewhere);
  }
  over.wait();
  pool.stop();
}

TEST(WorkerPool, WokenGoBeforeYielded) {
  std::vector<std::string> order;
  std::latch over(1);
  Gate gate;
  WorkerPool pool({.workers = 1, .patience = std::chrono::hours(1)});
  int hog_slices = 0;
  auto hog = task([&] {
    order.push_back("hog");
    if (++hog_slices < 4) {
      return yield;
    }
    over.count_down();
    return wait;
  });
  auto woken = [&](const std::string& name, int more) {
    auto left = std::make_shared<int>(more);
    auto self = std::make_shared<std::weak_ptr<Task>>();
    auto made = task([&order, &pool, left, self, name] {
      order.push_back(name);
      if ((*left)-- > 0) {
        pool.wake(self->lock(), elsewhere);
      }
      return wait;
    });
    *self = made;
    return made;
  };
  auto a = woken("a", 3);
  auto b = woken("b", 3);
  gate.close(pool);
  pool.wake(hog, elsewhere);
  pool.wake(a, elsewhere);
  pool.wake(b, elsewhere);
  gate.opened.count_down();
  over.wait();
  pool.stop();
  EXPECT_EQ(order, (std::vector<std::string>{"hog", "a", "b", "hog", "a", "b", "a", "b", "a", "b", "hog", "hog"}));
}

TEST(WorkerPool, YieldedDoNotStarve) {
  std::latch over(1);
  std::atomic<bool> stop = false;
  WorkerPool pool({.workers = 1, .patience = std::chrono::microseconds(1)});
  std::weak_ptr<Task> self;
  auto busy = task([&] {
    if (!stop) {
      pool.wake(self.lock(), here);
    }
    return wait;
  });
  self = busy;
  int slices = 0;
  auto hog = task([&] {
    if (++slices == 50) {
      over.count_down();
      return wait;
    }
    return yield;
  });
  pool.wake(busy, elsewhere);
  pool.wake(hog, elsewhere);
  over.wait();
  stop = true;
}

TEST(WorkerPool, TheNextSlotGoesFirstButNotForEver) {
  std::vector<char> order;
  std::latch over(1);
  Gate gate;
  WorkerPool pool({.workers = 1});
  std::shared_ptr<Task> ping;
  std::shared_ptr<Task> pong;
  int turns = 0;
  ping = task([&] {
    order.push_back('i');
    if (++turns < 100) {
      pool.wake(pong, here);
    } else {
      over.count_down();
    }
    return wait;
  });
  pong = task([&] {
    order.push_back('o');
    pool.wake(ping, here);
    return wait;
  });
  auto third = task([&] {
    order.push_back('3');
    return wait;
  });
  gate.close(pool);
  pool.wake(ping, elsewhere);
  pool.wake(third, elsewhere);
  gate.opened.count_down();
  over.wait();
  pool.stop();
  auto place = std::find(order.begin(), order.end(), '3') - order.begin();
  EXPECT_EQ(order[0], 'i');
  EXPECT_EQ(order[1], 'o');
  EXPECT_EQ(place, 33);
}

TEST(WorkerPool, ATaskBehindALongPollIsTakenByAnother) {
  std::latch other_ran(1);
  WorkerPool pool({.workers = 2});
  auto other = task([&] {
    other_ran.count_down();
    return wait;
  });
  std::latch waiting(1);
  pool.wake(task([&] {
              pool.wake(other, here);
              waiting.count_down();
              other_ran.wait();  // as if it computed for long
              return wait;
            }),
            elsewhere);
  waiting.wait();
  while (!other_ran.try_wait()) {
    pool.nudge();
  }
}

TEST(WorkerPool, AsksForRoomWhenAWokenTaskFindsAllBusy) {
  std::latch asked(1);
  std::latch ran(1);
  std::atomic<bool> make_room = false;
  WorkerPool pool({.workers = 1,
                   .preempt =
                       [&] {
                         make_room = true;
                         make_room.notify_all();
                         asked.count_down();
                       },
                   .preempt_interval = std::chrono::hours(1)});
  std::latch hogging(1);
  int slices = 0;
  pool.wake(task([&] {
              if (++slices < 3) {
                return yield;
              }
              hogging.count_down();
              make_room.wait(false);
              return wait;
            }),
            elsewhere);
  hogging.wait();
  pool.wake(task([&] {
              ran.count_down();
              return wait;
            }),
            elsewhere);
  asked.wait();
  ran.wait();
  EXPECT_EQ(pool.counters().preempted, 1U);
}

TEST(WorkerPool, MeasuresHowLongEachTaskRan) {
  using namespace std::chrono_literals;
  WorkerPool pool({.workers = 1});
  std::latch over(2);
  auto working_for = [&](std::chrono::milliseconds time) {
    return task([&over, time] {
      auto end = std::chrono::steady_clock::now() + time;
      while (std::chrono::steady_clock::now() < end) {
      }
      over.count_down();
      return wait;
    });
  };
  auto begin = std::chrono::steady_clock::now();
  auto idle = working_for(0ms);
  auto busy = working_for(30ms);
  pool.wake(busy, elsewhere);
  pool.wake(idle, elsewhere);
  over.wait();
  pool.stop();
  auto passed = std::chrono::steady_clock::now() - begin;
  EXPECT_GE(CycleClock::duration(busy->busy()) * 1.1, 30ms);
  EXPECT_LE(CycleClock::duration(idle->busy() + busy->busy()), 1.1 * std::chrono::duration<double>(passed));
  EXPECT_EQ(pool.counters().busy, idle->busy() + busy->busy());
}

TEST(WorkerPool, MeasuresTheDelayOfSomeWakes) {
  using namespace std::chrono_literals;
  WorkerPool pool({.workers = 1});
  constexpr unsigned count = WorkerPool::delay_sample;
  std::latch over(count);
  Gate gate;
  gate.close(pool);
  for (unsigned i = 0; i < count; ++i) {
    pool.wake(task([&] {
                over.count_down();
                return wait;
              }),
              elsewhere);
  }
  auto closed_until = std::chrono::steady_clock::now() + 5ms;
  while (std::chrono::steady_clock::now() < closed_until) {
  }
  gate.opened.count_down();
  over.wait();
  pool.stop();
  DelaySnapshot delays = pool.counters().delays;
  EXPECT_GE(delays.sum, 5ms);
  EXPECT_GE(std::accumulate(delays.counts.begin() + 13, delays.counts.end(), uint64_t{0}), 1U);  // of over 4 ms
  EXPECT_LE(std::accumulate(delays.counts.begin(), delays.counts.end(), uint64_t{0}), 2U);
}

TEST(WorkerPool, TellsWhenItBecomesActive) {
  std::atomic<int> calls = 0;
  WorkerPool pool({.workers = 2, .on_active = [&] { ++calls; }});
  while (pool.active() > 0) {
    std::this_thread::yield();
  }
  int before = calls;
  std::latch ran(1);
  size_t seen = 0;
  pool.wake(task([&] {
              seen = pool.active();
              ran.count_down();
              return wait;
            }),
            elsewhere);
  ran.wait();
  EXPECT_GE(seen, 1U);
  EXPECT_GT(calls, before);
  while (pool.active() > 0) {
    std::this_thread::yield();
  }
}

TEST(WorkerPool, StopsWhileBusyAndLetsGoOfWhatWaits) {
  std::weak_ptr<Task> queued;
  std::atomic<int> runs = 0;
  {
    WorkerPool pool({.workers = 2});
    std::latch running(8);
    std::vector<std::shared_ptr<Task>> hogs;
    for (int i = 0; i < 8; ++i) {
      hogs.push_back(task([&, first = true]() mutable {
        ++runs;
        if (std::exchange(first, false)) {
          running.count_down();
        }
        return yield;
      }));
      pool.wake(hogs.back(), elsewhere);
    }
    running.wait();
    pool.stop();
    int after = runs;
    queued = hogs.front();
    hogs.clear();
    EXPECT_TRUE(queued.expired());
    pool.wake(task([&] {
                ++runs;
                return wait;
              }),
              elsewhere);
    EXPECT_EQ(runs, after);
  }
}

TEST(WorkerPool, WakesFromOutsideWhileStopping) {
  for (int i = 0; i < 50; ++i) {
    WorkerPool pool({.workers = 2});
    auto woken = task([] { return wait; });
    std::atomic<bool> over = false;
    std::thread waker([&] {
      while (!over) {
        pool.wake(woken, elsewhere);
      }
    });
    pool.stop();
    over = true;
    waker.join();
  }
}

}  // namespace
}  // namespace kinode
