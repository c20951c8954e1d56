#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What is typed: `head`, a space, and arguments that are the script's own business.

namespace terminal {

struct Line {
  /// An alias, or a process id.
  std::string head;
  /// What follows the first space behind it, as it was typed.
  std::string arguments;
};

/// Nothing if the line has nothing but spaces.
std::optional<Line> split_line(std::string_view text);

/// The words of `text`, separated by spaces; 'single quotes' hold words together and are taken off, nothing else is
/// special. Fails on a quote that is not closed.
std::expected<std::vector<std::string>, std::string> split_words(std::string_view text);

}  // namespace terminal
