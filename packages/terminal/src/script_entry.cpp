#include "script_entry.h"

#include <kinode/json.h>

#include <utility>

namespace terminal {

using kinode::Json;

namespace {

std::optional<CapabilityItem> parse_item(const Json& json) {
  const bool bare = json.is_string();
  const Json& name = bare ? json : kinode::member(json, "process");
  if (!name.is_string()) return std::nullopt;
  auto process = kinode::ProcessId::parse(name.get_ref<const std::string&>());
  if (!process) return std::nullopt;
  if (bare) return CapabilityItem{std::move(*process), std::string(kinode::messaging)};
  if (!json.contains("params")) return std::nullopt;
  return CapabilityItem{std::move(*process), kinode::dump(json["params"])};
}

std::vector<CapabilityItem> parse_items(const Json& list) {
  std::vector<CapabilityItem> items;
  if (!list.is_array()) return items;
  for (const Json& each : list) {
    if (auto item = parse_item(each)) items.push_back(std::move(*item));
  }
  return items;
}

}  // namespace

std::expected<ScriptEntry, std::string> parse_script_entry(std::string_view text, const std::string& name) {
  const auto json = kinode::parse_json(text);
  if (!json || !json->is_object()) return std::unexpected("scripts.json is no JSON object");
  const std::string key = name + ".wasm";
  const Json& entry = kinode::member(*json, key);
  if (entry.is_null()) return std::unexpected("scripts.json has no " + key);
  const auto root = kinode::bool_member(entry, "root");
  const auto is_public = kinode::bool_member(entry, "public");
  const auto networking = kinode::bool_member(entry, "request_networking");
  if (!root || !is_public || !networking) {
    return std::unexpected("in scripts.json, " + key +
                           " must have root, public and request_networking, each true or false");
  }
  return ScriptEntry{.root = *root,
                     .is_public = *is_public,
                     .request_networking = *networking,
                     .request_capabilities = parse_items(kinode::member(entry, "request_capabilities")),
                     .grant_capabilities = parse_items(kinode::member(entry, "grant_capabilities")),
                     .wit_version = kinode::number_member(entry, "wit_version")};
}

}  // namespace terminal
