#include "base/worker_pool_queues.h"

namespace kinode::worker_pool {
namespace {

constexpr unsigned longest_run_of_next = 32;

}  // namespace

Queues::Queues(size_t count, std::chrono::microseconds longest_wait) : workers(count), patience(longest_wait) {
  for (size_t i = 0; i < count; ++i) {
    workers[i].index = i;
    workers[i].loot.reserve(most_loot);
  }
}

// False once stopped.
bool Queues::push_woken(Worker& worker, Ready ready) {
  std::lock_guard lock(worker.mutex);
  if (stopping.load(std::memory_order_relaxed)) {
    return false;
  }
  worker.woken.push(std::move(ready));
  worker.waiting.store(worker.woken.size(), std::memory_order_relaxed);
  return true;
}

void Queues::push_yielded(Ready ready) {
  std::lock_guard lock(yielded_mutex);
  if (yielded.size() == 0 && yielded_running.load(std::memory_order_relaxed) == 0) {
    yielded_served.store(now(), std::memory_order_relaxed);  // patience begins with the first to wait
  }
  yielded.push(std::move(ready));
  yielded_waiting.store(yielded.size(), std::memory_order_relaxed);
}

Ready Queues::take_yielded(Worker& worker, bool only_if_due) {
  if (yielded_waiting.load(std::memory_order_relaxed) == 0) {
    return {};
  }
  Moment moment = now();
  if (only_if_due && moment - yielded_served.load(std::memory_order_relaxed) < patience) {
    return {};
  }
  std::lock_guard lock(yielded_mutex);
  if (yielded.size() == 0) {
    return {};
  }
  yielded_served.store(moment, std::memory_order_relaxed);
  Ready ready = yielded.pop();
  yielded_waiting.store(yielded.size(), std::memory_order_relaxed);
  worker.from_yielded.increment();
  return ready;
}

Ready Queues::take_own(Worker& worker) {
  if (!worker.has_next.load(std::memory_order_relaxed) && worker.waiting.load(std::memory_order_relaxed) == 0) {
    return {};
  }
  std::lock_guard lock(worker.mutex);
  bool queue_first = worker.turns_of_next >= longest_run_of_next && worker.woken.size() > 0;
  if (worker.next && !queue_first) {
    ++worker.turns_of_next;
    worker.from_next.increment();
    return worker.take_next();
  }
  worker.turns_of_next = 0;
  return worker.woken.size() > 0 ? worker.take_woken() : Ready{};
}

// Takes half of the first queue found with something in it.
Ready Queues::steal_woken(Worker& thief) {
  for (size_t i = 1; i < workers.size(); ++i) {
    Worker& victim = workers[(thief.index + i) % workers.size()];
    if (victim.waiting.load(std::memory_order_relaxed) == 0) {
      continue;
    }
    Ready first;
    {
      std::lock_guard lock(victim.mutex);
      size_t count = std::min((victim.woken.size() + 1) / 2, most_loot);
      if (count == 0) {
        continue;
      }
      first = victim.take_woken();
      for (size_t taken = 1; taken < count; ++taken) {
        thief.loot.push_back(victim.take_woken());
      }
    }
    thief.stolen.increment();
    for (Ready& ready : thief.loot) {
      if (!push_woken(thief, std::move(ready))) {
        break;  // stopped: the rest is let go
      }
    }
    thief.loot.clear();
    return first;
  }
  return {};
}

// Takes a task from behind a poll that went on since `polls_before` was noted.
Ready Queues::steal_next(Worker& thief, const std::vector<uint64_t>& polls_before) {
  for (Worker& victim : workers) {
    if (&victim == &thief || !victim.has_next.load(std::memory_order_relaxed) ||
        victim.polls.get() != polls_before[victim.index]) {
      continue;
    }
    std::lock_guard lock(victim.mutex);
    if (victim.next) {
      thief.stolen.increment();
      return victim.take_next();
    }
  }
  return {};
}

// Whether something waits that a sleeping worker could take. With locks: who queues a task and sees
// no sleeper has queued it before this looks.
bool Queues::anything_waits() {
  for (Worker& worker : workers) {
    std::lock_guard lock(worker.mutex);
    if (worker.woken.size() > 0) {
      return true;
    }
  }
  std::lock_guard lock(yielded_mutex);
  return yielded.size() > 0;
}

std::vector<Ready> Queues::drain() {
  std::vector<Ready> drained;
  for (Worker& worker : workers) {
    std::lock_guard lock(worker.mutex);
    drained.push_back(worker.take_next());
    while (worker.woken.size() > 0) {
      drained.push_back(worker.take_woken());
    }
  }
  std::lock_guard lock(yielded_mutex);
  while (yielded.size() > 0) {
    drained.push_back(yielded.pop());
  }
  yielded_waiting = 0;
  return drained;
}

}  // namespace kinode::worker_pool
