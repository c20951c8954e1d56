// PeersFile: the nodes that this node's owner wrote down, as signed records (record.h); read again whenever
// the file changes. A file that cannot be read, or not as TOML, leaves what was known as it was.
//
// Threads: one of its own, which tells the registry and calls `report`.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "registry/folder_watch.h"
#include "registry/registry.h"

namespace kinode::registry {

class PeersFile {
 public:
  /// The file need not be there yet; its folder must. `report` gets a line for each thing that is wrong.
  static Result<std::unique_ptr<PeersFile>> watch(const std::string& path, Registry& registry,
                                                  std::function<void(const std::string&)> report);

 private:
  PeersFile() = default;
  std::unique_ptr<FolderWatch> watch_;
};

/// The records of a peers file; none where there is no file.
struct Records;
Result<Records> read_peers_file(const std::string& path);

}  // namespace kinode::registry
