// Faults planted on purpose, which show that the simulation finds such (tests/simulation/README.md).
//
// The node has none: unless KINODE_PLANTED_FAULTS is defined, `planted` is false at compile time and
// nothing is left of what it guards. Where it is defined, one fault at a time is in force.
#pragma once

#include <cstdint>

#ifdef KINODE_PLANTED_FAULTS
#include <atomic>
#endif

namespace kinode::kernel {

enum class Fault : uint8_t {
  none,
  wrong_order,               // a mailbox gives its last message first
  lost_wake_up,              // who waits for a message is not told of one
  double_end,                // a request that was answered ends with Timeout too
  timer_left,                // a timer stays set for a request that was answered
  timer_never_set,           // no timer is set for a request
  capability_unchecked,      // anybody may message anybody
  capability_unfiltered,     // a message carries what its sender does not hold
  grant_forgotten,           // what a process is granted is not there
  promise_forgotten,         // nor what it was granted before it was there
  revocation_forgotten,      // the capabilities of who ended stay with others
  id_reused,                 // an inherited request that expects a response has its parent's id
  anybody_answers,           // a response is taken from who was never asked
  responder_kept,            // who could answer a request counts for ever
  dead_responder_kept,       // a request waits for who ended
  writes_out_of_order,       // a record is written when the next one is
  death_not_stored,          // a killed process is there again after a restart
  dead_writes_state,         // a killed process saves its state
  gate_ignored,              // an answer leaves before what it rests on is on disk; planted in the simulation
  room_not_told,             // who waits before a full mailbox is not woken
  mail_of_another_life,      // what a life left unread is delivered to the next
  limit_off_by_one,          // a mailbox takes one message too many
  handled_request_lost,      // after a response, what was handled before is not handled again
  old_blob_inherited,        // inheriting carries on the blob of an earlier request
  start_without_wait,        // who crashes again and again starts again at once
  network_unchecked,         // anybody may message other nodes, and be messaged by them
  departure_forgotten,       // what was inherited by another node cannot be answered from there
  undelivered_forgotten,     // a request that never left the node waits on
  target_node_unchecked,     // what another node sends to a third one is delivered here
  module_exposed,            // any module takes requests of other nodes
  foreign_rsvp_trusted,      // a module answers whom another node names
  local_answered_from_afar,  // a response from another node ends a request that never left this one
  refusal_believed,          // another node ends requests that it was not sent
  count,                     // of the above
};

#ifdef KINODE_PLANTED_FAULTS
inline std::atomic<Fault> planted_fault = Fault::none;
inline bool planted(Fault fault) { return planted_fault.load(std::memory_order_relaxed) == fault; }
#else
constexpr bool planted(Fault /*fault*/) { return false; }
#endif

}  // namespace kinode::kernel
