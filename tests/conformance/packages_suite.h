// What the suites of packages share: small packages of the actor, in versions that differ in a file, and the
// app store as programs of this machine talk to it.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "package_builder.h"
#include "suite.h"

namespace kinode::conformance {

using Entries = std::vector<std::pair<std::string, std::string>>;

inline const std::string made = "made:test.os";
inline const std::string made_process = "main:made:test.os";

/// The package's files without its manifest: a component, and what names the version.
inline Entries files_of(const std::string& version) {
  return {{"actor.wasm", component("actor")}, {"version", version}, {"only-in-" + version, version}};
}

/// A zip of these files and a manifest. There are no entries for directories.
inline std::string package_zip(const Json& manifest, const Entries& files) {
  Entries all = {{"manifest.json", manifest.dump()}};
  all.insert(all.end(), files.begin(), files.end());
  return zip(all);
}
/// That of package `made`, in a version.
inline std::string version_zip(const std::string& version) {
  return package_zip(Json::array({manifest_entry("main", "/actor.wasm")}), files_of(version));
}

inline Json id_of(const std::string& package) {
  const size_t colon = package.find(':');
  return {{"package_name", package.substr(0, colon)}, {"publisher_node", package.substr(colon + 1)}};
}

/// The app store of a node.
class Store {
 public:
  explicit Store(const NodeProcess& node) : node_(node) {}

  [[nodiscard]] Json new_package(const std::string& package, const std::string& bytes) const {
    return node_.ask(store_id, {{"NewPackage", {{"package_id", id_of(package)}, {"mirror", true}}}}, Blob{{}, bytes})
        .json()
        .at("NewPackageResponse");
  }
  [[nodiscard]] Json install(const std::string& package, const std::string& hash, const Json& metadata) const {
    const Json request = {{"package_id", id_of(package)}, {"version_hash", hash}, {"metadata", metadata}};
    return node_.ask(store_id, {{"Install", request}}).json().at("InstallResponse");
  }
  [[nodiscard]] Json uninstall(const std::string& package) const {
    return node_.ask(store_id, {{"Uninstall", id_of(package)}}).json().at("UninstallResponse");
  }
  /// As kit does it: brought, then installed.
  [[nodiscard]] Json sideload(const std::string& package, const std::string& bytes) const {
    if (const Json brought = new_package(package, bytes); brought != "Success") {
      return brought;
    }
    return install(package, sha256_hex(bytes), metadata_of(package, bytes));
  }
  [[nodiscard]] static Json metadata_of(const std::string& package, const std::string& bytes) {
    const Json id = id_of(package);
    return store_metadata(id["package_name"], id["publisher_node"], sha256_hex(bytes));
  }
  /// The packages that are installed, with their hashes.
  [[nodiscard]] std::map<std::string, std::string> installed() const {
    std::map<std::string, std::string> found;
    const Json answer = node_.ask(store_id, "\"Installed\"").json();
    for (const Json& each : answer.at("InstalledResponse")) {
      const Json& id = each.at("package_id");
      found[id["package_name"].get<std::string>() + ":" + id["publisher_node"].get<std::string>()] =
          each.at("our_version_hash");
    }
    return found;
  }

 private:
  const NodeProcess& node_;
};

/// The package's `pkg` on the host.
inline std::filesystem::path pkg_of(const NodeProcess& node, const std::string& package) {
  return node.home() / "vfs" / package / "pkg";
}

/// Whether `pkg` holds a version of `made` and nothing of another.
inline testing::AssertionResult has_version(const NodeProcess& node, const std::string& version) {
  const std::filesystem::path pkg = pkg_of(node, made);
  std::set<std::string> names;
  for (const auto& file : std::filesystem::directory_iterator(pkg)) {
    names.insert(file.path().filename());
  }
  const std::set<std::string> expected = {"manifest.json", "actor.wasm", "version", "only-in-" + version,
                                          made + ".zip"};
  if (names != expected) {
    return testing::AssertionFailure() << "in pkg is " << Json(names) << ", not " << Json(expected);
  }
  if (read_file(pkg / "version") != version || read_file(pkg / (made + ".zip")) != version_zip(version)) {
    return testing::AssertionFailure() << "the files are not those of version " << version;
  }
  return testing::AssertionSuccess();
}

}  // namespace kinode::conformance
