#pragma once

#include <optional>
#include <span>

#include "kinode/json.h"

/// MessagePack as net:distro:sys speaks it, read into JSON values and written from them: an enum's variant is its name,
/// or a map of one with its content.

namespace kinode {

/// Nothing if the bytes are not one value. For what the runtime says: a value nested without end would end the process.
std::optional<Json> parse_msgpack(std::span<const uint8_t> bytes);

Bytes to_msgpack(const Json& json);

}  // namespace kinode
