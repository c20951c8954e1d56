// Scene: what all who act in one simulation share.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "choices.h"
#include "kernel/envelope.h"
#include "model.h"
#include "profile.h"
#include "trace.h"

namespace kinode::simulation {

/// A request that a process took, as the kernel and as the model know it.
struct Overheard {
  kernel::Prompting prompting;
  Handled handled;
};

/// What left the node.
struct Answer {
  std::string what;
  /// How many writes must be on disk.
  uint64_t rests_on;
};

struct Scene {
  Choices& choices;
  const Profile& profile;
  Trace& trace;
  Model& model;

  /// Nobody does anything of its own accord any more.
  bool calm = false;
  /// The process that was polled last, and how that poll ended it.
  Life* polled = nullptr;
  enum class Exit : uint8_t { none, returned, crashed } exit = Exit::none;
  /// Processes that exist.
  unsigned processes = 0;
  /// Requests that somebody took, for who answers what he was not asked.
  std::vector<Overheard> overheard;
  /// All that left the node, on its present disk.
  std::vector<Answer> left;

  void overhear(const kernel::Envelope& request, const Arrival& arrival);
};

}  // namespace kinode::simulation
