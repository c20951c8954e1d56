#include "base/utf8.h"

#include <boost/locale/utf.hpp>
#include <cstdint>
#include <cstring>

namespace kinode {

bool is_utf8(std::string_view text) {
  using Utf8 = boost::locale::utf::utf_traits<char>;
  const char* position = text.data();
  const char* end = position + text.size();
  while (position != end) {
    uint64_t eight = 0x80;
    if (end - position >= 8) {
      std::memcpy(&eight, position, 8);
    }
    if ((eight & 0x8080808080808080U) == 0) {
      position += 8;  // all ASCII
    } else if (!boost::locale::utf::is_valid_codepoint(Utf8::decode(position, end))) {
      return false;
    }
  }
  return true;
}

std::string to_utf8(std::string_view text) {
  using Utf8 = boost::locale::utf::utf_traits<char>;
  if (is_utf8(text)) {
    return std::string(text);
  }
  constexpr std::string_view replacement = "\xef\xbf\xbd";
  std::string whole;
  const char* position = text.data();
  const char* const end = position + text.size();
  while (position != end) {
    const char* next = position;
    if (boost::locale::utf::is_valid_codepoint(Utf8::decode(next, end))) {
      whole.append(position, next);
      position = next;
    } else {
      whole += replacement;
      ++position;
    }
  }
  return whole;
}

std::string_view utf8_prefix(std::string_view text, size_t longest) {
  constexpr size_t longest_character = 4;
  if (text.size() <= longest) {
    return text;
  }
  auto is_inside = [&](size_t at) { return (static_cast<uint8_t>(text[at]) & 0xC0U) == 0x80U; };
  for (size_t end = longest; end > 0 && longest - end < longest_character; --end) {
    if (!is_inside(end)) {
      return text.substr(0, end);
    }
  }
  return text.substr(0, longest);
}

}  // namespace kinode
