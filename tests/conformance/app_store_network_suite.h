// What the suites of the app store between nodes share: nodes of one development network, their stores as programs
// of this machine talk to them, packages that a.dev publishes, and a node whose store is an actor.
#pragma once

#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "packages_suite.h"

namespace kinode::conformance {

inline const std::string downloads_id = "downloads:app-store:sys";
inline const std::string chain_id = "chain:app-store:sys";
/// The package that a.dev publishes.
inline const std::string chat = "chat:a.dev";
inline const std::string chat_process = "main:chat:a.dev";

inline Json error_of(Json error) { return {{"Err", std::move(error)}}; }

/// Bytes that no compression and no chance gives twice.
inline std::string filler(size_t size) {
  std::string bytes(size, 0);
  uint64_t state = 7;
  for (char& byte : bytes) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    byte = static_cast<char>(state >> 56U);
  }
  return bytes;
}

inline std::string hex(const std::string& bytes) {
  std::string digits;
  for (const unsigned char byte : bytes) {
    digits += "0123456789abcdef"[byte >> 4U];
    digits += "0123456789abcdef"[byte & 15U];
  }
  return digits;
}

/// A zip of `chat`, versions of which differ in a file, and in the manifest where `more` changes it.
inline std::string chat_zip(const std::string& version, const Json& more = Json::object(), size_t size = 0) {
  Entries files = files_of(version);
  files.emplace_back("filler", filler(size));
  return package_zip(Json::array({manifest_entry("main", "/actor.wasm", more)}), files);
}

inline Json chat_version(const std::string& hash, const char* field = "version_hash") {
  return {{"package_id", id_of(chat)}, {field, hash}};
}

/// metadata.json of `chat`, whose current version is this zip.
inline std::string chat_metadata(const std::string& version, const std::string& bytes,
                                 const std::vector<std::string>& mirrors = {}) {
  Json json = metadata("chat", "a.dev");
  json["properties"]["current_version"] = version;
  json["properties"]["code_hashes"] = {{version, sha256_hex(bytes)}};
  json["properties"]["mirrors"] = mirrors;
  return json.dump(2);
}

/// A node of a development network whose store is of actors: `downloads`, `chain` and `other`.
inline std::unique_ptr<NodeProcess> fake_store_node(const std::string& name,
                                                    const std::filesystem::path& network_folder) {
  PackageFolder package{.folder = network_folder / "fake-store", .package = "app-store", .publisher = "sys"};
  const Json more = {{"request_networking", true},
                     {"request_capabilities", Json::array({"http-server:distro:sys", "net:distro:sys"})},
                     {"grant_capabilities", Json::array({"http-server:distro:sys", "net:distro:sys"})}};
  for (const char* process : {"downloads", "chain", "other"}) {
    package.manifest.push_back(manifest_entry(process, "/actor.wasm", more));
  }
  package.files = {{"actor.wasm", component("actor")}};
  NodeOptions options{.name = name, .verbosity = 2};
  options.bootstrap = {package.write(), built_package("test-kit")};
  options.more = {"--devnet", network_folder.string()};
  return std::make_unique<NodeProcess>(options);
}

/// The stores of a node, and what one sees of them.
class NodeStore {
 public:
  explicit NodeStore(const NodeProcess& node) : node_(node) {}

  [[nodiscard]] Json downloads(const Json& request, std::optional<Blob> blob = {}) const {
    return node_.ask(downloads_id, request, std::move(blob)).json();
  }
  [[nodiscard]] Json chain(const Json& request, std::optional<Blob> blob = {}) const {
    return node_.ask(chain_id, request, std::move(blob)).json();
  }

  /// Publishes a version of `chat`, with its zip.
  [[nodiscard]] Json publish(const std::string& version, const std::string& bytes,
                             const std::vector<std::string>& mirrors = {}) const {
    const Json request = {{"package_id", id_of(chat)}, {"metadata", chat_metadata(version, bytes, mirrors)}};
    return chain({{"Publish", request}}, Blob{{}, bytes}).at("Publish");
  }
  [[nodiscard]] Json refresh(const std::string& node) const { return chain({{"Refresh", node}}).at("Refresh"); }
  [[nodiscard]] Json app() const { return chain({{"GetApp", id_of(chat)}}).at("GetApp"); }

  [[nodiscard]] Json begin_download(const std::string& hash, const std::string& from, Json more = {}) const {
    Json request = chat_version(hash, "desired_version_hash");
    request["download_from"] = from;
    request.update(more.is_null() ? Json::object() : std::move(more));
    return downloads({{"LocalDownload", request}});
  }
  /// A download from its order to its end: "is complete", or "failed: " and the error.
  [[nodiscard]] std::string download(const std::string& hash, const std::string& from, Json more = {}) const {
    const size_t before = node_.mark();
    const Json begun = begin_download(hash, from, std::move(more));
    return begun == "Success" ? end_of_download(hash, before) : begun.dump();
  }
  [[nodiscard]] std::string end_of_download(const std::string& hash, size_t from) const {
    const std::string what = "the download of " + chat + ", version " + hash + ' ';
    const size_t line_end = node_.wait_for(what, from);
    const std::string line = node_.output().substr(0, line_end);
    return line.substr(line.rfind(what) + what.size());
  }

  [[nodiscard]] std::filesystem::path kept(const std::string& hash, const std::string& ending = ".zip") const {
    return node_.home() / "vfs/app-store:sys/downloads" / chat / (hash + ending);
  }
  /// Whether nothing of a fetch is left beside what is kept.
  [[nodiscard]] bool has_nothing_incoming() const {
    return std::filesystem::is_empty(node_.home() / "vfs/app-store:sys/incoming");
  }

 private:
  const NodeProcess& node_;
};

}  // namespace kinode::conformance
