#pragma once

#include <kinode/types.h>

#include <expected>
#include <string>

/// Starts scripts: a process of the script's package, made for one use.

namespace terminal {

/// Makes a process of the script and runs it; it waits for its arguments. Its name is a random number. What it may do
/// is what scripts.json of its package says, of what the terminal holds. `our`: the terminal. Or why it was not
/// started.
std::expected<kinode::ProcessId, std::string> launch(const kinode::Address& our, const kinode::ProcessId& script);

}  // namespace terminal
