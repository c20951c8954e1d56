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

}  // namespace kinode
