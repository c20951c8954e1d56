#include "manifest.h"

#include <optional>
#include <utility>

namespace app_store {

using kinode::Json;
using kinode::member;

namespace {

/// Relative, and below the folder that it is relative to.
bool is_safe_path(std::string_view path) {
  if (path.empty() || path.find('\\') != std::string_view::npos) return false;
  while (true) {
    const size_t end = path.find('/');
    const std::string_view part = path.substr(0, end);
    if (part.empty() || part == "." || part == "..") return false;
    if (end == std::string_view::npos) return true;
    path.remove_prefix(end + 1);
  }
}

bool is_on_exit(const Json& json) {
  return json == "None" || json == "Restart" || (json.is_object() && member(json, "Requests").is_array());
}

std::expected<ManifestEntry, std::string> parse_entry(const Json& json, const kinode::PackageId& package) {
  auto name = kinode::text_member(json, "process_name");
  auto path = kinode::text_member(json, "process_wasm_path");
  const Json& on_exit = member(json, "on_exit");
  const auto networking = kinode::bool_member(json, "request_networking");
  const Json& requested = member(json, "request_capabilities");
  const Json& granted = member(json, "grant_capabilities");
  const auto is_public = kinode::bool_member(json, "public");
  if (!name) return std::unexpected("process_name is missing");
  if (!path || !is_on_exit(on_exit) || !networking || !requested.is_array() || !granted.is_array() || !is_public) {
    return std::unexpected("a field of " + *name + " is missing or not of its type");
  }
  // A process name has the letters of a package name.
  if (!kinode::PackageId{*name, package.publisher_node}.is_safe()) {
    return std::unexpected("process name " + *name + " may only have a-z, 0-9 and -");
  }
  if (path->starts_with('/')) path->erase(0, 1);
  if (!is_safe_path(*path)) return std::unexpected("process_wasm_path of " + *name + " leads out of pkg");
  return ManifestEntry{
      .process = {std::move(*name), package.package_name, package.publisher_node},
      .wasm_path = std::move(*path),
      .on_exit = on_exit,
      .request_networking = *networking,
      .request_capabilities = kinode::capability_items_of(requested),
      .grant_capabilities = kinode::capability_items_of(granted),
      .is_public = *is_public,
  };
}

}  // namespace

std::expected<Manifest, std::string> parse_manifest(std::string_view text, const kinode::PackageId& package) {
  const auto json = kinode::parse_json(text);
  if (!json || !json->is_array()) return std::unexpected("manifest.json is no JSON array");
  Manifest manifest;
  for (const Json& each : *json) {
    auto entry = parse_entry(each, package);
    if (!entry) return std::unexpected(std::move(entry.error()));
    for (const ManifestEntry& earlier : manifest) {
      if (earlier.process == entry->process) return std::unexpected(entry->process.text() + " is there twice");
    }
    manifest.push_back(std::move(*entry));
  }
  return manifest;
}

}  // namespace app_store
