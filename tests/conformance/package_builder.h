// Packages as tests want them, sound or not: a folder for --bootstrap and kit, or a zip of any content.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "rpc_client.h"

namespace kinode::conformance {

/// A zip of stored entries, in order, with exactly these names: nothing is added, checked or sorted.
std::string zip(const std::vector<std::pair<std::string, std::string>>& entries);

std::string sha256_hex(const std::string& bytes);

/// An entry of manifest.json, with `more` over the defaults.
Json manifest_entry(const std::string& process, const std::string& wasm_path, const Json& more = Json::object());

/// metadata.json.
Json metadata(const std::string& package, const std::string& publisher);

/// As the app store is told them: code_hashes is a list of pairs.
Json store_metadata(const std::string& package, const std::string& publisher, const std::string& version_hash);

/// A package folder at `folder`, its name and publisher those of metadata.json.
struct PackageFolder {
  std::filesystem::path folder;
  std::string package = "made";
  std::string publisher = "test.os";
  Json manifest = Json::array();
  /// Names relative to pkg/.
  std::vector<std::pair<std::string, std::string>> files;

  [[nodiscard]] std::string write() const;
};

}  // namespace kinode::conformance
