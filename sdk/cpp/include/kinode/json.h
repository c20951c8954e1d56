#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Guests have neither exceptions nor streams. Without exceptions, an access that does not fit the value
// ends the process; the functions below are for values that others wrote.
#define JSON_NO_IO 1
#include <nlohmann/json.hpp>

#include "kinode/bytes.h"
#include "kinode/types.h"

namespace kinode {

using Json = nlohmann::json;

/// Nothing if the text is no JSON. (Never `Json::parse(text)` alone: it traps.)
std::optional<Json> parse_json(std::string_view text);

/// Compact; bytes that are no UTF-8 are shown as replacement characters.
std::string dump(const Json& json);

/// The member `key` of an object, or null: where `json` is no object, or has no such member.
const Json& member(const Json& json, std::string_view key);

// A member of the kind wanted, or nothing.
std::optional<std::string> text_member(const Json& json, std::string_view key);
std::optional<uint64_t> number_member(const Json& json, std::string_view key);
std::optional<bool> bool_member(const Json& json, std::string_view key);

/// A package id as it travels in JSON: `{"package_name":"p","publisher_node":"n"}`.
Json to_json(const PackageId& id);
std::optional<PackageId> package_id_of(const Json& json);

/// One item of `request_capabilities` or `grant_capabilities` in a manifest.json or scripts.json: a right at, or for,
/// `process`.
struct CapabilityItem {
  ProcessId process;
  /// JSON text; `"messaging"` where a process is named alone.
  std::string params;

  bool operator==(const CapabilityItem&) const = default;
};

/// The items of such a list, `"process"` or `{"process":..,"params":..}` each. What names no process is left out.
std::vector<CapabilityItem> capability_items_of(const Json& list);

}  // namespace kinode
