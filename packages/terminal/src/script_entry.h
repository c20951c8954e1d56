#pragma once

#include <kinode/json.h>
#include <kinode/types.h>

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// scripts.json: what a package's scripts are started with (packages-and-kit.md 1.6).

namespace terminal {

using kinode::CapabilityItem;

struct ScriptEntry {
  /// It gets all that the terminal holds.
  bool root = false;
  bool is_public = false;
  bool request_networking = false;
  std::vector<CapabilityItem> request_capabilities;
  std::vector<CapabilityItem> grant_capabilities;
  std::optional<uint64_t> wit_version;
};

/// The entry of the script `name` in the text of a scripts.json, or what is wrong. Items that name no process are left
/// out, as of other scripts everything is.
std::expected<ScriptEntry, std::string> parse_script_entry(std::string_view text, const std::string& name);

}  // namespace terminal
