// What these processes are told to do: a word and numbers, `round-trips 100000 100`. They answer `ok`, with
// numbers, or `failed` and why.
#pragma once

#include <kinode/process.h>

#include <charconv>
#include <chrono>
#include <expected>
#include <initializer_list>
#include <string>
#include <string_view>

namespace bench {

/// Longer than any measurement.
inline constexpr uint64_t timeout_s = 3600;

class Order {
 public:
  explicit Order(std::string_view text) : rest_(text), name_(word()) {}

  [[nodiscard]] std::string_view name() const { return name_; }
  /// The next word; empty: there is none.
  std::string_view word() {
    const size_t end = std::min(rest_.find(' '), rest_.size());
    const std::string_view first = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    return first;
  }
  /// The next word, a number; 0 if it is none.
  uint64_t number() {
    const std::string_view text = word();
    uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  }

 private:
  std::string_view rest_;
  std::string_view name_;
};

/// The text of an answer, or why there is none.
using Outcome = std::expected<std::string, std::string>;

inline Outcome ok(std::initializer_list<uint64_t> numbers = {}) {
  std::string text = "ok";
  for (const uint64_t number : numbers) text += " " + std::to_string(number);
  return text;
}
inline Outcome failed(std::string why) { return std::unexpected(std::move(why)); }

inline void answer(const Outcome& outcome) {
  kinode::respond({.body = outcome ? *outcome : "failed " + outcome.error()});
}

class Stopwatch {
 public:
  [[nodiscard]] uint64_t nanoseconds() const {
    return std::chrono::nanoseconds(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace bench
