#include "modules/terminal/command_line.h"

#include <charconv>

namespace kinode::modules {
namespace {

std::optional<uint64_t> parse_number(std::string_view text) {
  uint64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && !text.empty() ? std::optional(number)
                                                                                   : std::nullopt;
}

Result<std::optional<TerminalCommand>> parse_message(const std::vector<std::string>& words) {
  constexpr std::string_view usage = "usage: m ADDRESS BODY [-a SECONDS]";
  std::vector<std::string> positional;
  std::optional<uint64_t> seconds;
  for (size_t i = 1; i < words.size(); ++i) {
    if (words[i] != "-a" && words[i] != "--await") {
      positional.push_back(words[i]);
      continue;
    }
    seconds = ++i < words.size() ? parse_number(words[i]) : std::nullopt;
    if (!seconds) {
      return fail("-a needs a number of seconds; {}", usage);
    }
  }
  if (positional.size() != 2) {
    return fail("{}; a body with spaces stands in 'single quotes'", usage);
  }
  Result<Address> target = Address::parse(positional[0]);
  if (!target) {
    return std::unexpected(target.error());
  }
  return MessageCommand{std::move(*target), std::move(positional[1]), seconds};
}

}  // namespace

Result<std::vector<std::string>> split_words(std::string_view line) {
  std::vector<std::string> words;
  size_t at = 0;
  while (true) {
    at = line.find_first_not_of(" \t\r\n", at);
    if (at == std::string_view::npos) {
      return words;
    }
    if (line[at] != '\'') {
      size_t end = std::min(line.find_first_of(" \t\r\n", at), line.size());
      words.emplace_back(line.substr(at, end - at));
      at = end;
      continue;
    }
    size_t end = line.find('\'', at + 1);
    if (end == std::string_view::npos) {
      return fail("the quote at position {} is not closed", at + 1);
    }
    words.emplace_back(line.substr(at + 1, end - at - 1));
    at = end + 1;
  }
}

Result<std::optional<TerminalCommand>> parse_command_line(std::string_view line) {
  Result<std::vector<std::string>> words = split_words(line);
  if (!words) {
    return std::unexpected(words.error());
  }
  if (words->empty()) {
    return std::nullopt;
  }
  const std::string& head = words->front();
  if (head == "m") {
    return parse_message(*words);
  }
  if (head == "help") {
    return HelpCommand{};
  }
  if (head == "exit" || head == "quit") {
    return ExitCommand{};
  }
  if (head == "verbosity") {
    std::optional<uint64_t> level = words->size() == 2 ? parse_number((*words)[1]) : std::nullopt;
    if (!level || *level > 3) {
      return fail("usage: verbosity LEVEL, from 0 to 3");
    }
    return VerbosityCommand{static_cast<uint8_t>(*level)};
  }
  if (head == "top" && words->size() == 1) {
    return TopCommand{};
  }
  if ((head == "top" || head == "kill") && words->size() == 2) {
    Result<ProcessId> process = ProcessId::parse((*words)[1]);
    if (!process) {
      return std::unexpected(process.error());
    }
    if (head == "top") {
      return TopCommand{std::move(*process)};
    }
    return KillCommand{std::move(*process)};
  }
  return fail("'{}' is not a command; type help", head);
}

std::string command_help() {
  return "what can be typed here:\n"
         "m ADDRESS BODY [-a SECONDS]   send a message; with -a wait for the response and print it\n"
         "top [PROCESS]                 the processes of this node, or one with its capabilities\n"
         "kill PROCESS                  end a process\n"
         "verbosity LEVEL               what is shown: 0 always, 1 debugging, 2 detail, 3 everything\n"
         "exit                          stop the node";
}

}  // namespace kinode::modules
