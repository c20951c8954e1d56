#include "kinode/msgpack.h"

#include <vector>

namespace kinode {

std::optional<Json> parse_msgpack(std::span<const uint8_t> bytes) {
  const auto* begin = reinterpret_cast<const char*>(bytes.data());
  Json json = Json::from_msgpack(begin, begin + bytes.size(), true, false);
  if (json.is_discarded()) return std::nullopt;
  return json;
}

Bytes to_msgpack(const Json& json) {
  const std::vector<uint8_t> bytes = Json::to_msgpack(json);
  return Bytes(std::span<const uint8_t>(bytes));
}

}  // namespace kinode
