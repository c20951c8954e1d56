// kit, the developer's command-line tool (packages-and-kit.md 6.2): what `main` calls.
//
// Exit status: 0 done, 1 failed with the reason on standard error, 2 the command line is wrong; from
// boot-fake-node that of the node.
#pragma once

#include <string>
#include <vector>

#include "kit/command.h"

namespace kinode::kit {

/// `arguments` as `main` gets them, the program's name first.
int run(const std::vector<std::string>& arguments, Console console);

}  // namespace kinode::kit
