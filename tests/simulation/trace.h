// Trace: what happened, a line each, for a person who replays a seed. Costs nothing while it is off.
// One thread.
#pragma once

#include <deque>
#include <functional>
#include <string>

#include "base/clock.h"

namespace kinode::simulation {

class Trace {
 public:
  /// Takes a line; none: the trace is off.
  using Sink = std::function<void(const std::string&)>;
  explicit Trace(Sink sink = {}) : sink_(std::move(sink)) {}

  void begin_step(uint64_t number, std::chrono::milliseconds time) {
    step_ = number;
    time_ = time;
  }
  [[nodiscard]] uint64_t step() const { return step_; }

  /// `text` makes the line and is called only when somebody reads it.
  template <class Text>
  void note(const Text& text) {
    if (sink_) [[unlikely]] {
      write(text());
    }
  }

 private:
  void write(const std::string& text);

  Sink sink_;
  uint64_t step_ = 0;
  std::chrono::milliseconds time_{0};
};

/// Keeps the last lines.
class LastLines {
 public:
  explicit LastLines(size_t count) : count_(count) {}
  void add(const std::string& line);
  [[nodiscard]] std::string text() const;

 private:
  size_t count_;
  std::deque<std::string> lines_;
};

}  // namespace kinode::simulation
