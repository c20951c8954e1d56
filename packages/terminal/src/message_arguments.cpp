#include "message_arguments.h"

#include <charconv>
#include <utility>
#include <vector>

#include "command_line.h"

namespace terminal {

namespace {

constexpr const char* usage = "usage: m ADDRESS BODY [-a SECONDS]";

std::optional<uint64_t> parse_number(std::string_view text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

std::expected<MessageArguments, std::string> parse_message_arguments(std::string_view text) {
  auto words = split_words(text);
  if (!words) return std::unexpected(std::move(words.error()));
  std::vector<std::string> positional;
  std::optional<uint64_t> await_s;
  for (size_t i = 0; i < words->size(); ++i) {
    std::string& word = (*words)[i];
    if (word != "-a" && word != "--await") {
      positional.push_back(std::move(word));
      continue;
    }
    await_s = ++i < words->size() ? parse_number((*words)[i]) : std::nullopt;
    if (!await_s) return std::unexpected(std::string("-a needs a number of seconds; ") + usage);
  }
  if (positional.size() != 2) {
    return std::unexpected(std::string(usage) + "; a body with spaces stands in 'single quotes'");
  }
  auto target = kinode::Address::parse(positional[0]);
  if (!target) {
    return std::unexpected("'" + positional[0] + "' is no address, as our@process:package:publisher; " + usage);
  }
  return MessageArguments{std::move(*target), std::move(positional[1]), await_s};
}

}  // namespace terminal
