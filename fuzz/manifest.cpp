// manifest.json and metadata.json of a package of anybody.
#include "package/manifest.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "package/archive.h"
#include "package/metadata.h"

using namespace kinode;
using namespace kinode::package;

namespace {

const PackageId package_id("chat", "someone.os");
const Address issuer("node.os", ProcessId("chat", "chat", "someone.os"));

/// Params are JSON already, so each item that is not a problem makes a capability.
void check_item(const CapabilityItem& item) {
  Result<Capability> requested = item.requested("node.os");
  Result<Capability> granted = item.granted(issuer);
  KINODE_CHECK(requested && granted, "{} {}", item.process.text(), item.params);
  KINODE_CHECK(requested->issuer() == Address("node.os", item.process) && granted->issuer() == issuer);
}

void check_manifest(std::string_view text) {
  Result<Manifest> manifest = parse_manifest(text);
  if (!manifest) {
    KINODE_CHECK(manifest.error().message.starts_with("manifest.json"), "{}", manifest.error().message);
    return;
  }
  for (const ManifestEntry& entry : manifest->entries) {
    if (Result<std::string> name = entry.wasm_entry()) {
      KINODE_CHECK(safe_entry_name(*name) == *name, "{}", *name);
    }
    if (Result<ProcessId> id = entry.process_id(package_id)) {
      KINODE_CHECK(id->is_name_safe() && id->process() == entry.process_name && id->package_id() == package_id);
    }
    std::ranges::for_each(entry.request_capabilities, check_item);
    std::ranges::for_each(entry.grant_capabilities, check_item);
  }
}

void check_metadata(std::string_view text) {
  Result<Metadata> metadata = parse_metadata(text);
  if (!metadata) {
    KINODE_CHECK(metadata.error().message.starts_with("metadata.json"), "{}", metadata.error().message);
    return;
  }
  KINODE_CHECK(metadata->id().is_name_safe());
  // Pairs keep their order and their doubles, but leave api_includes out.
  const std::string pairs = metadata_json(*metadata, CodeHashes::pairs);
  Result<Metadata> of_pairs = parse_metadata(pairs);
  KINODE_CHECK(of_pairs.has_value(), "{}", pairs);
  of_pairs->properties.api_includes = metadata->properties.api_includes;
  KINODE_CHECK(*of_pairs == *metadata, "{}", pairs);
  // A map puts them in order: once written, it is stable.
  Result<Metadata> of_map = parse_metadata(metadata_json(*metadata, CodeHashes::map));
  KINODE_CHECK(of_map && std::ranges::is_sorted(of_map->properties.code_hashes));
  KINODE_CHECK(of_map->properties.api_includes == metadata->properties.api_includes);
  KINODE_CHECK(parse_metadata(metadata_json(*of_map, CodeHashes::map)) == *of_map);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_manifest(text);
  check_metadata(text);
  return 0;
}
