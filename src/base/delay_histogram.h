// DelayHistogram: how often something took how long. Each bucket reaches twice as far as the one before it.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace kinode {

/// A count that one thread writes and others read.
class Count {
 public:
  void add(uint64_t amount) { value_.store(get() + amount, std::memory_order_relaxed); }
  void increment() { add(1); }
  [[nodiscard]] uint64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_ = 0;
};

/// What a DelayHistogram held at a time; several can be added up.
struct DelaySnapshot {
  static constexpr size_t buckets = 26;
  /// The longest delay that bucket `i` counts: 1 us, 2 us, ... 16.8 s; all others are in the last.
  static constexpr std::chrono::microseconds bound(size_t i) { return std::chrono::microseconds(uint64_t{1} << i); }

  std::array<uint64_t, buckets> counts{};
  std::chrono::nanoseconds sum{0};

  void operator+=(const DelaySnapshot& other) {
    for (size_t i = 0; i < buckets; ++i) {
      counts[i] += other.counts[i];
    }
    sum += other.sum;
  }
};

/// Written by one thread, read by any.
class DelayHistogram {
 public:
  void add(std::chrono::nanoseconds delay) {
    uint64_t nanoseconds = static_cast<uint64_t>(std::max<int64_t>(delay.count(), 0));
    uint64_t microseconds = (nanoseconds + 999) / 1000;
    size_t bucket = microseconds <= 1 ? 0 : static_cast<size_t>(std::bit_width(microseconds - 1));
    counts_[std::min(bucket, DelaySnapshot::buckets - 1)].increment();
    sum_.add(nanoseconds);
  }
  [[nodiscard]] DelaySnapshot snapshot() const {
    DelaySnapshot taken;
    for (size_t i = 0; i < DelaySnapshot::buckets; ++i) {
      taken.counts[i] = counts_[i].get();
    }
    taken.sum = std::chrono::nanoseconds(sum_.get());
    return taken;
  }

 private:
  std::array<Count, DelaySnapshot::buckets> counts_;
  Count sum_;
};

}  // namespace kinode
