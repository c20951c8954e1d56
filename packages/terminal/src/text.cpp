#include "text.h"

#include <kinode/json.h>

namespace terminal {

std::string shown(const kinode::Bytes& bytes) {
  // What the JSON library takes for UTF-8 it writes as it is.
  const std::string text = bytes.string();
  if (kinode::Json::parse(kinode::dump(text), nullptr, false) == text) return text;
  return "(" + std::to_string(bytes.size()) + " bytes that are no text)";
}

}  // namespace terminal
