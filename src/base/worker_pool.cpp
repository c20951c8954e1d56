#include "base/worker_pool.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/cycle_clock.h"
#include "base/worker_pool_queues.h"

namespace kinode {
namespace {

using namespace worker_pool;

void pause_briefly() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// The worker that this thread is, if it is one.
thread_local Worker* this_worker = nullptr;
thread_local const void* this_pool = nullptr;
// Wakes by this thread.
thread_local unsigned wakes = 0;

}  // namespace

struct WorkerPool::State : Queues {
  State(Options given, size_t count) : Queues(count, given.patience), options(std::move(given)) {}

  const Options options;
  std::atomic<size_t> round_robin = 0;

  // Workers asleep, and those looking for work, in the low and the high half: one word, so that a
  // thread that has queued a task sees both at one time. Changed with the mutex or by the searchers.
  static constexpr uint64_t one_searcher = uint64_t{1} << 32;
  std::atomic<uint64_t> sleepers_and_searchers = 0;
  std::mutex sleep_mutex;
  std::vector<Worker*> sleepers;  // the last to sleep is woken first: its caches are warm

  std::atomic<Moment> preempted_at{now() - options.preempt_interval};
  std::atomic<uint64_t> preempted = 0;

  // ---- sleep ------------------------------------------------------------------------------------

  // After a task was queued: wakes one sleeper, unless somebody is looking for work already. False if
  // all are busy.
  bool notify() {
    uint64_t counts = sleepers_and_searchers.load();
    if (counts == 0) {
      return false;
    }
    if (counts >= one_searcher) {
      return true;
    }
    Worker* worker = nullptr;
    {
      std::lock_guard lock(sleep_mutex);
      if (sleepers.empty() || sleepers_and_searchers.load() >= one_searcher) {
        return true;
      }
      worker = sleepers.back();
      sleepers.pop_back();
      worker->asleep = false;
      sleepers_and_searchers.fetch_add(one_searcher - 1);  // it starts as a searcher
    }
    worker->awake.notify_one();
    return true;
  }

  // The caller counts as a searcher. Null when it is time to sleep.
  Ready search(Worker& worker, std::vector<uint64_t>& polls_before) {
    for (Worker& other : workers) {
      polls_before[other.index] = other.polls.get();
    }
    Moment end = now() + options.search;
    while (!stopping.load(std::memory_order_relaxed)) {
      bool last_round = now() >= end;
      Ready ready = take_own(worker);
      if (!ready) {
        ready = steal_woken(worker);
      }
      if (!ready) {
        ready = take_yielded(worker, false);
      }
      if (!ready && last_round) {
        ready = steal_next(worker, polls_before);
      }
      if (ready || last_round) {
        return ready;
      }
      for (int i = 0; i < 16; ++i) {
        pause_briefly();
      }
    }
    return {};
  }

  // Called by a worker that has nothing to do. Returns a task, or none when the pool stops.
  Ready find_or_sleep(Worker& worker, std::vector<uint64_t>& polls_before) {
    sleepers_and_searchers.fetch_add(one_searcher);
    while (true) {
      Ready ready = search(worker, polls_before);
      if (ready || stopping.load()) {
        uint64_t before = sleepers_and_searchers.fetch_sub(one_searcher);
        // Tasks queued while this worker was the searcher woke nobody.
        if (ready && before < 2 * one_searcher && before > one_searcher && anything_waits()) {
          notify();
        }
        return ready;
      }
      std::unique_lock lock(sleep_mutex);
      worker.asleep = true;
      sleepers.push_back(&worker);
      sleepers_and_searchers.fetch_sub(one_searcher - 1);
      lock.unlock();
      bool stay = anything_waits() || stopping.load();
      lock.lock();
      if (stay && worker.asleep) {
        worker.asleep = false;
        std::erase(sleepers, &worker);
        sleepers_and_searchers.fetch_add(one_searcher - 1);
      }
      if (worker.asleep) {
        worker.sleeps.increment();
        worker.awake.wait(lock, [&] { return !worker.asleep; });
      }
      lock.unlock();
      if (options.on_active) {
        options.on_active();
      }
    }
  }

  // A woken task finds all workers busy: yielded ones should make room.
  void press() {
    if (!options.preempt || yielded_running.load(std::memory_order_relaxed) == 0) {
      return;
    }
    Moment moment = now();
    Moment last = preempted_at.load(std::memory_order_relaxed);
    if (moment - last >= options.preempt_interval && preempted_at.compare_exchange_strong(last, moment)) {
      preempted.fetch_add(1, std::memory_order_relaxed);
      options.preempt();
    }
  }

  // ---- the life of a worker -----------------------------------------------------------------------

  void serve(Worker& worker) {
    this_worker = &worker;
    this_pool = this;
    worker.accounted = CycleClock::now();
    std::vector<uint64_t> polls_before(workers.size());
    while (!stopping.load(std::memory_order_relaxed)) {
      Ready ready = take_yielded(worker, true);
      if (!ready) {
        ready = take_own(worker);
      }
      if (!ready) {
        ready = steal_woken(worker);
      }
      if (!ready) {
        ready = take_yielded(worker, false);
      }
      if (!ready) {
        ready = find_or_sleep(worker, polls_before);
        worker.accounted = CycleClock::now();  // it was idle
      } else if (yielded_waiting.load(std::memory_order_relaxed) > 0) {
        notify();  // somebody else may serve those
      }
      if (ready) {
        run(worker, std::move(ready));
      }
    }
  }

  // One look at the clock for each task: it had all the time since the one before it ended.
  static void account(Worker& worker, Task& task) {
    uint64_t end = CycleClock::now();
    uint64_t counts = CycleClock::between(worker.accounted, end);
    worker.accounted = end;
    worker.busy.add(counts);
    TaskState::add_busy(task, counts);
  }

  void run(Worker& worker, Ready ready) {
    bool low = ready.rank == Rank::yielded;
    if (low) {
      yielded_running.fetch_add(1, std::memory_order_relaxed);
    }
    if (ready.woken_at != Moment{}) {
      worker.delays.add(now() - ready.woken_at);
      ready.woken_at = {};
    }
    TaskState::start(*ready.task);
    Task::Outcome outcome = ready.task->run();
    worker.polls.increment();
    account(worker, *ready.task);
    if (low) {
      yielded_running.fetch_sub(1, std::memory_order_relaxed);
    }
    if (!TaskState::finish(*ready.task, outcome)) {
      return;
    }
    if (outcome == Task::Outcome::yield && ready.rank != Rank::woken) {
      ready.rank = Rank::yielded;
      push_yielded(std::move(ready));
      return;
    }
    ready.rank = outcome == Task::Outcome::yield ? Rank::again : Rank::woken;
    // This worker goes on to its queue at once; another is of use only where there is more in it.
    bool others_wait = worker.has_next.load(std::memory_order_relaxed) || worker.waiting.load() > 0;
    if (push_woken(worker, std::move(ready)) && others_wait) {
      notify();
    }
  }

  void wake(std::shared_ptr<Task> task, WakeHint hint) {
    Ready ready{std::move(task), Rank::woken, wakes++ % delay_sample == 0 ? now() : Moment{}};
    Worker* worker = this_pool == this ? this_worker : nullptr;
    if (worker == nullptr) {
      worker = &workers[round_robin.fetch_add(1, std::memory_order_relaxed) % workers.size()];
    } else if (hint == WakeHint::here) {
      std::lock_guard lock(worker->mutex);
      if (stopping.load(std::memory_order_relaxed)) {
        return;  // `lock` is released before `ready`
      }
      std::swap(worker->next, ready);
      worker->has_next.store(true, std::memory_order_relaxed);
    }
    if (ready && push_woken(*worker, std::move(ready)) && !notify()) {
      press();
    }
  }

  void stop() {
    stopping = true;
    {
      std::lock_guard lock(sleep_mutex);
      for (Worker* worker : sleepers) {
        worker->asleep = false;
        worker->awake.notify_one();
        sleepers_and_searchers.fetch_add(one_searcher - 1);
      }
      sleepers.clear();
    }
    for (Worker& worker : workers) {
      if (worker.thread.joinable()) {
        worker.thread.join();
      }
    }
    drain();
  }
};

WorkerPool::WorkerPool(Options options) {
  size_t count = options.workers > 0 ? options.workers : std::thread::hardware_concurrency();
  state_ = std::make_unique<State>(std::move(options), std::max<size_t>(count, 1));
  for (Worker& worker : state_->workers) {
    worker.thread = std::thread([this, &worker] { state_->serve(worker); });
    std::string number = "-" + std::to_string(worker.index);
    std::string name = state_->options.name.substr(0, 15 - std::min<size_t>(15, number.size())) + number;
    pthread_setname_np(worker.thread.native_handle(), name.c_str());
  }
}

WorkerPool::~WorkerPool() { stop(); }

void WorkerPool::wake(std::shared_ptr<Task> task, WakeHint hint) {
  if (TaskState::wake(*task)) {
    state_->wake(std::move(task), hint);
  }
}

void WorkerPool::stop() {
  KINODE_CHECK(this_pool != state_.get(), "a worker cannot stop its own pool");
  state_->stop();
}

size_t WorkerPool::workers() const { return state_->workers.size(); }

size_t WorkerPool::active() const {
  return state_->workers.size() - static_cast<uint32_t>(state_->sleepers_and_searchers.load());
}

void WorkerPool::nudge() {
  bool stuck = false;
  for (Worker& worker : state_->workers) {
    uint64_t polls = worker.polls.get();
    stuck = stuck || (polls == worker.polls_at_nudge && worker.has_next.load(std::memory_order_relaxed));
    worker.polls_at_nudge = polls;
  }
  if (stuck) {
    state_->notify();
  }
}

WorkerPool::Counters WorkerPool::counters() const {
  Counters sum;
  for (const Worker& worker : state_->workers) {
    sum.polls += worker.polls.get();
    sum.from_next += worker.from_next.get();
    sum.stolen += worker.stolen.get();
    sum.from_yielded += worker.from_yielded.get();
    sum.sleeps += worker.sleeps.get();
    sum.busy += worker.busy.get();
    sum.delays += worker.delays.snapshot();
  }
  sum.preempted = state_->preempted.load(std::memory_order_relaxed);
  return sum;
}

}  // namespace kinode
