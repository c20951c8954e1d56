// Tally: what became of messages, counted by the threads that know. Any thread.
//
// Every thread counts at a place of its own (two of many may share one), so that those that send do not pass one
// line of memory to and fro.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "kernel/statistics.h"

namespace kinode::kernel {

/// One for each field of Counters.
enum class Fate : uint8_t {
  delivered,
  denied,
  no_such_process,
  died,
  mailbox_full,
  late,
  timed_out,
  offline,
  over_limit,
  too_big,
};

class Tally {
 public:
  void count(Fate fate, uint64_t times = 1) {
    places_[own_place()].counts[static_cast<size_t>(fate)].fetch_add(times, std::memory_order_relaxed);
  }
  [[nodiscard]] Counters sums() const {
    return {of(Fate::delivered),    of(Fate::denied), of(Fate::no_such_process), of(Fate::died),
            of(Fate::mailbox_full), of(Fate::late),   of(Fate::timed_out),       of(Fate::offline),
            of(Fate::over_limit),   of(Fate::too_big)};
  }

 private:
  static constexpr size_t place_count = 16;
  static constexpr size_t fate_count = 10;
  struct alignas(64) Place {
    std::array<std::atomic<uint64_t>, fate_count> counts{};
  };

  static size_t own_place() {
    static std::atomic<size_t> threads = 0;
    thread_local const size_t place = threads.fetch_add(1, std::memory_order_relaxed) % place_count;
    return place;
  }
  [[nodiscard]] uint64_t of(Fate fate) const {
    uint64_t sum = 0;
    for (const Place& place : places_) {
      sum += place.counts[static_cast<size_t>(fate)].load(std::memory_order_relaxed);
    }
    return sum;
  }

  std::array<Place, place_count> places_;
};

}  // namespace kinode::kernel
