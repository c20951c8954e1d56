// What the kernel counts and measures, for people and programs that watch a node.
#pragma once

#include <cstddef>
#include <cstdint>

#include "types/address.h"

namespace kinode::kernel {

/// Messages since the node started, by what became of them. One that does not arrive is counted under its true
/// cause, also where its sender sees a Timeout.
struct Counters {
  uint64_t delivered = 0;  // put into a mailbox, a command carried out, or on its way to another node
  uint64_t denied = 0;     // no right to message the target, or to use the network; not for other nodes
  uint64_t no_such_process = 0;
  uint64_t died = 0;  // the target ended before it took the message, or before it answered the request
  uint64_t mailbox_full = 0;
  uint64_t late = 0;  // a response that nobody waits for any more
  uint64_t timed_out = 0;
  uint64_t offline = 0;
  uint64_t over_limit = 0;  // its sender has too many requests, or answers, open
  uint64_t too_big = 0;     // no other node would read it
};

/// One process at one time.
struct ProcessStatistics {
  ProcessId id;
  bool is_module = false;
  bool is_waiting_to_restart = false;
  size_t mailbox_messages = 0;
  size_t mailbox_bytes = 0;
  size_t open_requests = 0;  // that wait for their response
  // In this life: a process that starts again begins at nothing.
  uint64_t received = 0;  // messages and errors put into its mailbox, and ends of requests that it awaited
  uint64_t sent = 0;      // requests and responses that were delivered
  uint64_t busy = 0;      // time that it ran, in counts of CycleClock
  uint64_t memory = 0;    // bytes of its own that it occupies, as of its last turn
};

}  // namespace kinode::kernel
