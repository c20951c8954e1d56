// TimerThread: calls those who wait for a time, when it comes.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/clock.h"

namespace kinode::node {

class TimerThread {
 public:
  /// One who waits: `next` tells its next time, `advance` is called when that has come. Both are called
  /// on this thread.
  struct Source {
    std::function<std::optional<Instant>()> next;
    std::function<void()> advance;
  };
  explicit TimerThread(const Clock& clock) : clock_(clock) {}
  ~TimerThread() { stop(); }
  TimerThread(const TimerThread&) = delete;
  TimerThread& operator=(const TimerThread&) = delete;

  /// Before `start`.
  void add(Source source) { sources_.push_back(std::move(source)); }
  void start();
  void stop();
  /// Any thread: a source has an earlier time than it had.
  void notify(Instant deadline);

 private:
  void loop();

  const Clock& clock_;
  std::vector<Source> sources_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Instant> sleeping_until_;
  bool awake_ = true;
  bool stop_ = false;
  std::optional<Instant> notified_;
  std::thread thread_;
};

}  // namespace kinode::node
