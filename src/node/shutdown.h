// Shutdown: hears that the program is to end, and sees to it that it does.
//
// SIGINT, SIGTERM, SIGQUIT, SIGHUP (unless it was started with nohup) and `request` begin the end: `file` becomes
// readable. Whoever runs the program then takes it down and destroys this; if that takes longer than `patience`,
// `give_up` is called, which should end the program all the same. A boot that hangs is ended so, too.
//
// The signals are blocked in the thread that makes this, and so in all that it starts later: make it first.
// Threads: one of its own, which calls `give_up`. `request` is for any.
#pragma once

#include <chrono>
#include <functional>
#include <thread>

namespace kinode::node {

class Shutdown {
 public:
  Shutdown(std::chrono::milliseconds patience, std::function<void()> give_up);
  /// It has come to its end.
  ~Shutdown();
  Shutdown(const Shutdown&) = delete;
  Shutdown& operator=(const Shutdown&) = delete;

  /// Again: no effect.
  void request() const;
  /// To be polled, not to be read.
  [[nodiscard]] int file() const { return requested_; }

 private:
  void watch() const;

  const std::chrono::milliseconds patience_;
  const std::function<void()> give_up_;
  int signals_;
  int requested_;
  int ended_;
  std::thread thread_;
};

}  // namespace kinode::node
