// What is typed or piped into a node's terminal.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "modules/terminal/command_line.h"

using namespace kinode;
using namespace kinode::modules;

namespace {

/// Words quoted and put in a line are the same words again.
void check_words(std::string_view line) {
  Result<std::vector<std::string>> words = split_words(line);
  if (!words) {
    return;
  }
  std::string quoted;
  for (const std::string& word : *words) {
    // A word with a quote in it began without one.
    quoted += word.contains('\'') ? word : "'" + word + "'";
    quoted += ' ';
  }
  KINODE_CHECK(split_words(quoted) == *words, "{}", quoted);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  check_words(line);
  Result<std::optional<TerminalCommand>> command = parse_command_line(line);
  if (!command) {
    KINODE_CHECK(!command.error().message.empty());
    return 0;
  }
  KINODE_CHECK(command->has_value() || split_words(line)->empty());
  if (*command && std::holds_alternative<VerbosityCommand>(**command)) {
    KINODE_CHECK(std::get<VerbosityCommand>(**command).level <= 3);
  }
  return 0;
}
