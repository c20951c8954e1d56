#include "node/timer_thread.h"

#include <pthread.h>

#include <algorithm>

namespace kinode::node {

void TimerThread::start() {
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "timers");
    loop();
  });
}

void TimerThread::stop() {
  {
    std::scoped_lock lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) {
    thread_.join();
  }
}

void TimerThread::notify(Instant deadline) {
  {
    std::scoped_lock lock(mutex_);
    notified_ = notified_ ? std::min(*notified_, deadline) : deadline;
    // It reads the notice before it sleeps, and need not be woken from a shorter sleep.
    if (awake_ || (sleeping_until_ && *sleeping_until_ <= deadline)) {
      return;
    }
  }
  changed_.notify_one();
}

void TimerThread::loop() {
  std::unique_lock lock(mutex_);
  while (!stop_) {
    awake_ = true;
    notified_.reset();
    lock.unlock();
    std::optional<Instant> next;
    for (const Source& source : sources_) {
      source.advance();
      std::optional<Instant> of_source = source.next();
      if (of_source && (!next || *of_source < *next)) {
        next = of_source;
      }
    }
    lock.lock();
    if (stop_ || (notified_ && (!next || *notified_ < *next))) {
      continue;
    }
    awake_ = false;
    sleeping_until_ = next;
    auto disturbed = [&] { return stop_ || notified_.has_value(); };
    if (next) {
      changed_.wait_for(lock, std::max(*next - clock_.now(), std::chrono::nanoseconds(0)), disturbed);
    } else {
      changed_.wait(lock, disturbed);
    }
  }
}

}  // namespace kinode::node
