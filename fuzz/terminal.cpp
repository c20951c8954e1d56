// What is typed into a node's terminal, and what packages say of their scripts.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "aliases.h"
#include "command_line.h"
#include "message_arguments.h"
#include "script_entry.h"

namespace {

void check(bool condition) {
  if (!condition) {
    std::abort();
  }
}

/// Words quoted and put in a line are the same words again.
void check_words(std::string_view line) {
  const auto words = terminal::split_words(line);
  if (!words) {
    check(!words.error().empty());
    return;
  }
  std::string quoted;
  for (const std::string& word : *words) {
    // A word with a quote in it began without one.
    quoted += word.contains('\'') ? word : "'" + word + "'";
    quoted += ' ';
  }
  check(terminal::split_words(quoted) == words);
}

void check_line(std::string_view text) {
  const auto line = terminal::split_line(text);
  check(line.has_value() == (text.find_first_not_of(" \t\r\n") != std::string_view::npos));
  if (line) {
    check(!line->head.empty() && text.ends_with(line->arguments));
  }
}

/// What is kept is read back as the same.
void check_aliases(std::string_view state) {
  const terminal::Aliases aliases = terminal::Aliases::restore(state);
  check(terminal::Aliases::restore(aliases.state()).all() == aliases.all());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_words(text);
  check_line(text);
  check_aliases(text);
  const auto arguments = terminal::parse_message_arguments(text);
  check(arguments || !arguments.error().empty());
  const auto entry = terminal::parse_script_entry(text, "a");
  check(entry || !entry.error().empty());
  return 0;
}
