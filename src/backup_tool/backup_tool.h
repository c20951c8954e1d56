// `kinode backup COMMAND ...` and `kinode restore ...`: snapshots of a home in remotes, and back.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "identity_tool/ask_password.h"

namespace kinode::backup_tool {

/// Run the command with what stands behind `backup` or `restore`; the exit status: 1 where it could not be done, 2 for
/// a wrong command line. `ask` is called where KINODE_PASSWORD is not set and a password is needed: there is no option
/// for one, since others can see a command line.
int run_backup(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err,
               const identity_tool::AskPassword& ask);
int run_restore(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err,
                const identity_tool::AskPassword& ask);

}  // namespace kinode::backup_tool
