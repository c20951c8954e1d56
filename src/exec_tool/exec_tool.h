// `kinode exec HOME LINE`: runs a line on the running node of a home as if it was typed at its terminal, and prints
// what the script answers.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace kinode::exec_tool {

/// Exit statuses beside 0, the script's answer was printed, and 2, a wrong command line.
inline constexpr int failed = 1;      // the script says so, or it could not be run
inline constexpr int still_runs = 3;  // its time is over
inline constexpr int no_answer = 4;   // it ended without an answer: what it said is on the node's terminal

/// Runs the command with what stands behind `exec`; the exit status.
int run(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err);

}  // namespace kinode::exec_tool
