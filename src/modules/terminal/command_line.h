// The lines a person types at a running node.
//
//   help
//   m ADDRESS BODY [-a SECONDS]     sends BODY; with -a waits for the response and prints it
//   top [PROCESS]                   the processes, or one in full
//   kill PROCESS
//   verbosity LEVEL                 what is shown, 0 to 3
//   exit
//
// Words are separated by spaces; 'single quotes' hold words together and are taken off, nothing else is
// special (packages-and-kit.md 4.2, `m`). In an address the node `our` is this one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "types/address.h"

namespace kinode::modules {

struct HelpCommand {};
struct ExitCommand {};
struct VerbosityCommand {
  uint8_t level;
};
struct TopCommand {
  std::optional<ProcessId> process;
};
struct KillCommand {
  ProcessId process;
};
struct MessageCommand {
  Address target;
  std::string body;
  std::optional<uint64_t> await_seconds;
};
using TerminalCommand =
    std::variant<HelpCommand, ExitCommand, VerbosityCommand, TopCommand, KillCommand, MessageCommand>;

/// Fails with what is wrong and how it should be; an empty line is no command.
Result<std::optional<TerminalCommand>> parse_command_line(std::string_view line);
/// What `help` prints.
std::string command_help();

/// The words of a line, quotes taken off. Fails on a quote that is not closed.
Result<std::vector<std::string>> split_words(std::string_view line);

}  // namespace kinode::modules
