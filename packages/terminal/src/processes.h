#pragma once

#include <kinode/json.h>
#include <kinode/types.h>

#include <string>

/// What the kernel tells of processes, for people.

namespace terminal {

/// A table of a map of processes (`kinode::kernel::process_map`): guests first, then the parts of the node.
std::string processes_text(const kinode::Json& map);

/// One in full, with or without what it holds.
std::string process_text(const kinode::ProcessId& id, const kinode::Json& process, bool with_capabilities);

}  // namespace terminal
