// How much of what single processes print is shown, where it is not as much as of all others.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "types/address.h"

namespace kinode::node {

struct Shown {
  /// Lines of this verbosity and below; without a meaning where muted.
  uint8_t verbosity = 0;
  bool is_muted = false;

  friend bool operator==(const Shown&, const Shown&) = default;
};
using ProcessVerbosity = std::map<ProcessId, Shown>;

/// The value of --process-verbosity, as the first client takes it: {"p:p:p":{"U8":3},"q:q:q":"Muted"}.
Result<ProcessVerbosity> parse_process_verbosity(std::string_view json);

/// Changes `settings` by what a person typed: `PROCESS 0..3`, `PROCESS mute` (or m, muted), or `PROCESS`, which then is
/// shown as all others. Fails with how it should be.
Result<void> change_process_verbosity(ProcessVerbosity& settings, std::string_view line);

/// A line for each.
std::string process_verbosity_text(const ProcessVerbosity& settings);

}  // namespace kinode::node
