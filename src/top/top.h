// `kinode top HOME`: what the node of a home does, drawn anew each second until Ctrl-C.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace kinode::top {

/// Runs the command with what stands behind `top`; the exit status. Where `out` is no terminal, or with --once, one
/// picture is printed. Sets the handler of SIGINT and SIGTERM.
int run(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err);

}  // namespace kinode::top
