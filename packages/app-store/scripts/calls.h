#pragma once

#include <kinode/json.h>
#include <kinode/script.h>

#include <expected>
#include <string>
#include <string_view>

/// What the store's scripts share.
namespace app_store {

/// A request to `process`, of app-store:sys; its answer in JSON, or why there is none.
std::expected<kinode::Json, std::string> ask(const char* process, const kinode::Json& request, uint64_t timeout_s);

/// `package:publisher` as it was typed, as it travels; null if it is no such thing.
kinode::Json package_json(std::string_view text);

}  // namespace app_store
