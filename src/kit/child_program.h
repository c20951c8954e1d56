// Runs another program on the terminal of this one.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace kinode::kit {

/// Runs a program until it ends; input, output, terminal and process group are those of this process.
/// Returns its exit status, 128 + n where signal n ended it. Fails when it cannot be started.
///
/// Meanwhile signals to this process that ask it to end (INT, TERM, HUP, QUIT) go to the program instead,
/// unless the terminal sent them, which then sent them to the program as well. If this process is killed,
/// the program gets TERM.
///
/// For a process with one thread: it sets that thread's signal mask, and puts it back.
Result<int> run_program(const std::vector<std::string>& command);

}  // namespace kinode::kit
