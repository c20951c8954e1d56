// `kinode identity COMMAND …`: makes, shows, moves and tells others of who a node is.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "identity_tool/ask_password.h"

namespace kinode::identity_tool {

/// Runs the command with what stands behind `identity`; the exit status: 1 where it could not be done, 2 for a wrong
/// command line. `ask` is called where neither the command line nor the environment has the password.
int run(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err, const AskPassword& ask);

}  // namespace kinode::identity_tool
