// Profile: how one simulation goes: its limits, and how often its processes do what. Drawn from the
// seed, so that some simulations crowd mailboxes, others spawn and crash, others trade capabilities.
#pragma once

#include <array>
#include <cstdint>

#include "choices.h"
#include "kernel/limits.h"

namespace kinode::simulation {

/// What a process does of its own accord.
enum class Action : uint8_t {
  tell,            // a request that expects no response
  ask,             // one that does
  ask_and_wait,    // the same, awaited
  flood,           // many at once to one process
  answer,          // the request being handled, also a second time
  pass_on,         // inherits the request being handled
  pass_on_asking,  // the same, and expects the response itself
  command,         // asks the kernel
  spawn,
  leave,
  crash,
  save_state,
  clear_state,
  read_state,
  change_on_exit,
  save_capabilities,
  drop_capabilities,
  look,  // at what it is told of itself
  work,  // a while, without receiving
};
inline constexpr size_t action_count = static_cast<size_t>(Action::work) + 1;

/// What happens to the node from outside.
enum class Stimulus : uint8_t {
  run,        // a ready task
  poke,       // wakes a process for no reason
  pass_time,  // and tells the kernel
  flush,
  answer_reads,
  ask_from_outside,
  make,  // one of the processes that are not there
  kill,
  grant,
  take_back,
  change_on_exit,
  crash,
  stop,
};
inline constexpr size_t stimulus_count = static_cast<size_t>(Stimulus::stop) + 1;

struct Profile {
  kernel::Limits limits;
  std::array<unsigned, action_count> actions{};
  std::array<unsigned, stimulus_count> stimuli{};
  unsigned steps = 0;
  /// Percent of the times that the machine has no room for one more process.
  unsigned no_room = 0;
  /// Percent of programs that cannot be read at boot.
  unsigned lost_programs = 0;
  /// Percent of the moments when a process does something of its own accord, not what comes in.
  unsigned unprompted = 0;
  /// Reads of states take their time.
  bool slow_reads = false;
  /// Bodies of different sizes.
  bool sizes = false;
  /// Tasks run in any order, not in that in which they were woken.
  bool any_order = false;
};

Profile draw_profile(Choices& choices);

}  // namespace kinode::simulation
