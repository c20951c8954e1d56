#include "base/blocking_pool.h"

#include <pthread.h>

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/check.h"

namespace kinode {
namespace {

using Work = std::function<void()>;

// Work that throws breaks its promise; it is named on standard error and the thread goes on.
void run_guarded(const Work& work, const std::string& place) noexcept {
  try {
    work();
  } catch (const std::exception& exception) {
    std::fprintf(stderr, "%s: an exception left submitted work: %s\n", place.c_str(), exception.what());
  } catch (...) {
    std::fprintf(stderr, "%s: an exception of unknown type left submitted work\n", place.c_str());
  }
}

void name_this_thread(const std::string& name, size_t index) {
  constexpr size_t longest = 15;  // the system's limit
  std::string number = "-" + std::to_string(index);
  std::string text = name.substr(0, longest - std::min(longest, number.size())) + number;
  pthread_setname_np(pthread_self(), text.substr(0, longest).c_str());
}

}  // namespace

// ---- BlockingPool --------------------------------------------------------------------------------

struct BlockingPool::State {
  State(std::string pool_name, size_t most) : name(std::move(pool_name)), limit(std::max<size_t>(most, 1)) {}

  const std::string name;
  const size_t limit;

  std::mutex mutex;
  std::condition_variable arrived;
  std::deque<Work> queue;
  std::vector<std::thread> threads;
  size_t idle = 0;
  bool stopping = false;

  // With the mutex held.
  void start_thread() {
    threads.emplace_back([this, index = threads.size()] { serve(index); });
  }

  void serve(size_t index) {
    name_this_thread(name, index);
    std::unique_lock lock(mutex);
    while (true) {
      if (queue.empty()) {
        if (stopping) {
          return;
        }
        ++idle;
        arrived.wait(lock, [this] { return stopping || !queue.empty(); });
        --idle;
        continue;
      }
      Work work = std::move(queue.front());
      queue.pop_front();
      lock.unlock();
      run_guarded(work, name);
      work = nullptr;  // what it holds is released without the lock
      lock.lock();
    }
  }
};

BlockingPool::BlockingPool(std::string name, size_t threads)
    : state_(std::make_shared<State>(std::move(name), threads)) {
  std::lock_guard lock(state_->mutex);
  state_->threads.reserve(state_->limit);
  state_->start_thread();
}

BlockingPool::~BlockingPool() {
  {
    std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->arrived.notify_all();
  // No thread is started once `stopping` is seen, so the list stays as it is.
  for (std::thread& thread : state_->threads) {
    KINODE_CHECK(thread.get_id() != std::this_thread::get_id(), "pool {} destroyed by its own work", state_->name);
    thread.join();
  }
}

void BlockingPool::submit(std::function<void()> work) {
  State& state = *state_;
  {
    std::lock_guard lock(state.mutex);
    state.queue.push_back(std::move(work));
    bool all_busy = state.idle < state.queue.size();
    if (all_busy && !state.stopping && state.threads.size() < state.limit) {
      try {
        state.start_thread();
      } catch (const std::system_error&) {
        // The machine has no more threads: those that run will come to it.
      }
    }
  }
  state.arrived.notify_one();
}

// ---- SerialQueues --------------------------------------------------------------------------------

struct SerialQueues::State : std::enable_shared_from_this<State> {
  explicit State(BlockingPool& p) : pool(p) {}

  BlockingPool& pool;
  std::mutex mutex;
  // A key is there while it has work, waiting or running.
  std::unordered_map<std::string, std::deque<Work>> queues;

  void schedule(std::string key) {
    pool.submit([self = shared_from_this(), key = std::move(key)]() mutable { self->run(std::move(key)); });
  }

  // A few pieces, then the other keys have their turn.
  void run(std::string key) {
    constexpr int pieces = 16;
    for (int i = 0; i < pieces; ++i) {
      Work work;
      {
        std::lock_guard lock(mutex);
        auto found = queues.find(key);
        if (found->second.empty()) {
          queues.erase(found);
          return;
        }
        work = std::move(found->second.front());
        found->second.pop_front();
      }
      run_guarded(work, key);
    }
    schedule(std::move(key));
  }
};

SerialQueues::SerialQueues(BlockingPool& pool) : state_(std::make_shared<State>(pool)) {}

SerialQueues::~SerialQueues() = default;

void SerialQueues::submit(const std::string& key, std::function<void()> work) {
  {
    std::lock_guard lock(state_->mutex);
    auto [queue, is_new] = state_->queues.try_emplace(key);
    queue->second.push_back(std::move(work));
    if (!is_new) {
      return;
    }
  }
  state_->schedule(key);
}

}  // namespace kinode
