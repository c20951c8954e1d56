#pragma once

#include <kinode/json.h>

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "table.h"

/// Questions to net:distro:sys (networking.md 6).

namespace terminal::net {

/// The answer's content to `action`, whose answer is called `name`; or why there is none.
std::expected<kinode::Json, std::string> ask(const kinode::Json& action, const char* name, uint64_t timeout_s);

/// A node as net:distro:sys tells of it: name, key, and where or through whom it is reached.
std::vector<Row> identity_rows(const kinode::Json& identity);

}  // namespace terminal::net
