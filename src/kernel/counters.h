// The kernel's counters. Any thread.
#pragma once

#include <atomic>
#include <cstdint>

#include "kernel/kernel.h"

namespace kinode::kernel {

struct AtomicCounters {
  std::atomic<uint64_t> delivered = 0;
  std::atomic<uint64_t> denied = 0;
  std::atomic<uint64_t> no_such_process = 0;
  std::atomic<uint64_t> died = 0;
  std::atomic<uint64_t> mailbox_full = 0;
  std::atomic<uint64_t> late = 0;
  std::atomic<uint64_t> timed_out = 0;
  std::atomic<uint64_t> offline = 0;
  std::atomic<uint64_t> over_limit = 0;

  static void count(std::atomic<uint64_t>& counter) { counter.fetch_add(1, std::memory_order_relaxed); }
  [[nodiscard]] Counters snapshot() const {
    return {delivered, denied, no_such_process, died, mailbox_full, late, timed_out, offline, over_limit};
  }
};

}  // namespace kinode::kernel
