#include "script_entry.h"

#include <kinode/json.h>

#include <utility>

namespace terminal {

using kinode::Json;

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
                     .request_capabilities = kinode::capability_items_of(kinode::member(entry, "request_capabilities")),
                     .grant_capabilities = kinode::capability_items_of(kinode::member(entry, "grant_capabilities")),
                     .wit_version = kinode::number_member(entry, "wit_version")};
}

}  // namespace terminal
