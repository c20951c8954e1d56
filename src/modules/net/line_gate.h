// LineGate: how many lines one peer can have shown, by its greetings or by what it does wrong. Each stands at the
// terminal and in the log, and costs the peer next to nothing.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

namespace kinode::modules::net {

class LineGate {
 public:
  using Clock = std::chrono::steady_clock;

  /// Whether one that comes now is shown; then how many were not since the last that was.
  std::optional<uint64_t> pass(Clock::time_point now) {
    const auto gained = (now - filled_) / interval;
    if (gained > 0) {
      left_ = static_cast<uint32_t>(std::min<int64_t>(most_at_once, left_ + gained));
      filled_ += gained * interval;
    }
    if (left_ == 0) {
      ++held_back_;
      return std::nullopt;
    }
    --left_;
    return std::exchange(held_back_, 0);
  }

 private:
  static constexpr uint32_t most_at_once = 10;
  static constexpr std::chrono::seconds interval{1};

  uint32_t left_ = most_at_once;
  Clock::time_point filled_ = Clock::now();
  uint64_t held_back_ = 0;
};

}  // namespace kinode::modules::net
