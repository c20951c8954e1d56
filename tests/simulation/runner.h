// Runs simulations, on several threads, and tells of the first that fails.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "violation.h"

namespace kinode::simulation {

struct Failure {
  uint64_t seed = 0;
  Invariant invariant = Invariant::right_receiver;
  uint64_t step = 0;
  std::string what;
  /// The last lines of its trace.
  std::string trace;

  /// All of it, and how to see it again.
  [[nodiscard]] std::string text() const;
};

/// `sink` takes the trace, line by line, if it is given.
std::optional<Failure> run_seed(uint64_t seed, std::function<void(const std::string&)> sink = {});

/// `count` of them, from `first` on. Of those that fail the one of the lowest number is told of; none
/// above it is begun any more. `progress` is called now and then with how many are done.
std::optional<Failure> run_seeds(uint64_t first, uint64_t count, std::function<void(uint64_t)> progress = {});

}  // namespace kinode::simulation
