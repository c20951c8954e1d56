#include "command_line.h"

#include <algorithm>

namespace terminal {

namespace {

constexpr std::string_view blanks = " \t\r\n";

}  // namespace

std::optional<Line> split_line(std::string_view text) {
  const size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return std::nullopt;
  text.remove_prefix(begin);
  const size_t end = std::min(text.find_first_of(blanks), text.size());
  return Line{std::string(text.substr(0, end)), std::string(text.substr(std::min(end + 1, text.size())))};
}

std::expected<std::vector<std::string>, std::string> split_words(std::string_view text) {
  std::vector<std::string> words;
  size_t at = 0;
  while (true) {
    at = text.find_first_not_of(blanks, at);
    if (at == std::string_view::npos) return words;
    if (text[at] != '\'') {
      const size_t end = std::min(text.find_first_of(blanks, at), text.size());
      words.emplace_back(text.substr(at, end - at));
      at = end;
      continue;
    }
    const size_t end = text.find('\'', at + 1);
    if (end == std::string_view::npos) {
      return std::unexpected("the quote at position " + std::to_string(at + 1) + " is not closed");
    }
    words.emplace_back(text.substr(at + 1, end - at - 1));
    at = end + 1;
  }
}

}  // namespace terminal
