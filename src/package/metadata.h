// metadata.json: what a package is (packages-and-kit.md 1.5). It lies beside the package's zip, never in it.
//
// Values; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "types/address.h"

namespace kinode::package {

struct Properties {
  std::string package_name;
  /// The node id of who publishes it.
  std::string publisher;
  std::string current_version;
  std::vector<std::string> mirrors;
  /// Version and SHA-256 of the zip: a map in the order of its keys, pairs in the order of the text.
  std::vector<std::pair<std::string, std::string>> code_hashes;
  std::optional<std::string> license;
  std::optional<std::vector<std::string>> screenshots;
  std::optional<uint32_t> wit_version;
  std::optional<std::vector<std::string>> dependencies;
  std::optional<std::vector<std::string>> api_includes;

  friend bool operator==(const Properties&, const Properties&) = default;
};

struct Metadata {
  std::optional<std::string> name;
  std::optional<std::string> description;
  std::optional<std::string> image;
  std::optional<std::string> external_url;
  std::optional<std::string> animation_url;
  Properties properties;

  [[nodiscard]] PackageId id() const { return {properties.package_name, properties.publisher}; }

  friend bool operator==(const Metadata&, const Metadata&) = default;
};

/// Takes `code_hashes` as a map and as a list of pairs. Fails with the place and the reason; also when the
/// names do not make a package id (a-z, 0-9, '-', in the publisher also '.').
Result<Metadata> parse_metadata(std::string_view json);

enum class CodeHashes : uint8_t {
  map,    // as in metadata.json
  pairs,  // as the app store wants it in messages; it does not know api_includes, which is left out
};
/// Compact JSON; what is absent is left out.
std::string metadata_json(const Metadata& metadata, CodeHashes form);

}  // namespace kinode::package
