#include "node/process_verbosity.h"

#include <fmt/format.h>

#include <optional>

#include "codec/json.h"

namespace kinode::node {
namespace {

constexpr uint64_t most_verbose = 3;
constexpr std::string_view form = R"({"PROCESS:PACKAGE:PUBLISHER":{"U8":0 to 3} or "Muted",...})";

std::optional<Shown> parse_shown(const nlohmann::json& value) {
  if (value == "Muted") {
    return Shown{.is_muted = true};
  }
  if (value.is_object() && value.contains("U8") && value["U8"].is_number_unsigned() && value["U8"] <= most_verbose) {
    return Shown{.verbosity = value["U8"].get<uint8_t>()};
  }
  return std::nullopt;
}

std::optional<Shown> parse_word(std::string_view word) {
  if (word == "m" || word == "mute" || word == "muted") {
    return Shown{.is_muted = true};
  }
  if (word.size() == 1 && word[0] >= '0' && word[0] <= '0' + static_cast<char>(most_verbose)) {
    return Shown{.verbosity = static_cast<uint8_t>(word[0] - '0')};
  }
  return std::nullopt;
}

}  // namespace

Result<ProcessVerbosity> parse_process_verbosity(std::string_view json) {
  Result<nlohmann::json> tree = codec::parse_json(json);
  if (!tree || !tree->is_object()) {
    return fail("must be JSON as {}", form);
  }
  ProcessVerbosity settings;
  for (const auto& [name, value] : tree->items()) {
    Result<ProcessId> process = ProcessId::parse(name);
    std::optional<Shown> shown = parse_shown(value);
    if (!process || !shown) {
      return fail("'{}': must be as {}", name, form);
    }
    settings.emplace(std::move(*process), *shown);
  }
  return settings;
}

Result<void> change_process_verbosity(ProcessVerbosity& settings, std::string_view line) {
  constexpr std::string_view blanks = " \t";
  const size_t end = std::min(line.find_first_of(blanks), line.size());
  const size_t next = line.find_first_not_of(blanks, end);
  std::string_view word = next == std::string_view::npos ? std::string_view() : line.substr(next);
  word = word.substr(0, word.find_last_not_of(blanks) + 1);
  Result<ProcessId> process = ProcessId::parse(line.substr(0, end));
  std::optional<Shown> shown = parse_word(word);
  if (!process || (!shown && !word.empty())) {
    return fail("must be PROCESS:PACKAGE:PUBLISHER and 0 to 3, or mute, or nothing more: then it is as all others");
  }
  if (shown) {
    settings.insert_or_assign(std::move(*process), *shown);
  } else {
    settings.erase(*process);
  }
  return {};
}

std::string process_verbosity_text(const ProcessVerbosity& settings) {
  std::string text;
  for (const auto& [process, shown] : settings) {
    text += shown.is_muted ? fmt::format("\n{} is muted", process.text())
                           : fmt::format("\n{} shows {}", process.text(), shown.verbosity);
  }
  return settings.empty() ? "no process is shown otherwise than the others" : text.substr(1);
}

}  // namespace kinode::node
