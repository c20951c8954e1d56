// Whether bytes are text, and where it can be cut.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace kinode {

/// True for well-formed UTF-8: no overlong form, no surrogate, nothing above U+10FFFF.
bool is_utf8(std::string_view text);

/// The text, with U+FFFD in place of each byte that is of no character.
std::string to_utf8(std::string_view text);

/// The beginning of `text`, of at most `longest` bytes and not ending inside a character. What is not
/// UTF-8 is cut after `longest` bytes, and so is a first character that is longer.
std::string_view utf8_prefix(std::string_view text, size_t longest);

}  // namespace kinode
