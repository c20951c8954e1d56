#include "modules/net/text.h"

#include "base/utf8.h"

namespace kinode::modules::net {

std::string shown(std::string_view text, size_t most) {
  if (!is_utf8(text)) {
    return "!!message parse error!!";
  }
  std::string clean;
  for (const char letter : utf8_prefix(text, most)) {
    const auto code = static_cast<unsigned char>(letter);
    clean += code < 0x20 || code == 0x7f ? ' ' : letter;
  }
  // UTF-8 has control characters of its own, from U+0080 to U+009F.
  for (size_t at = 0; (at = clean.find('\xc2', at)) != std::string::npos; ++at) {
    if (static_cast<unsigned char>(clean[at + 1]) < 0xa0) {
      clean.replace(at, 2, " ");
    }
  }
  return text.size() > most ? clean + "…" : clean;
}

}  // namespace kinode::modules::net
