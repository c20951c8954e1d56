// kit inject-message: sends one message to a process and prints the response (packages-and-kit.md 6.2).
//
// The response's body goes to standard output as it is, with a line end; then its blob likewise, if it
// has one that is text. Of another blob a line on standard error tells the type and size.
#pragma once

#include <optional>
#include <string>

#include "kit/command.h"

namespace kinode::kit {

struct InjectMessage {
  std::string process;
  std::string body;
  uint16_t port = default_port;
  std::optional<std::string> node;
  std::optional<std::string> blob_file;
  /// Wants no response.
  bool non_block = false;
};

Result<int> inject_message(const InjectMessage& options, Console console);
void add_inject_message(CLI::App& app, Command& chosen);

}  // namespace kinode::kit
