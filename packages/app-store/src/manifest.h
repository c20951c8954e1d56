#pragma once

#include <kinode/json.h>
#include <kinode/types.h>

#include <expected>
#include <string>
#include <string_view>
#include <vector>

/// manifest.json: the processes of a package, and what they ask for.

namespace app_store {

using kinode::CapabilityItem;

struct ManifestEntry {
  kinode::ProcessId process;
  /// Below `pkg`, without a slash in front.
  std::string wasm_path;
  /// As it stands in the manifest; the kernel reads it.
  kinode::Json on_exit;
  bool request_networking = false;
  std::vector<CapabilityItem> request_capabilities;
  std::vector<CapabilityItem> grant_capabilities;
  bool is_public = false;
};

using Manifest = std::vector<ManifestEntry>;

/// The processes of `package` in the order in which they start, or what is wrong: a field that is missing, a
/// name or path that is not safe, a process named twice. An item that names no process is left out.
std::expected<Manifest, std::string> parse_manifest(std::string_view text, const kinode::PackageId& package);

}  // namespace app_store
