// Devnet: a folder in which development nodes on one machine find each other. Each has a record in it, a file
// of its own, and a lock on its name while it runs.
//
//   NAME.toml   its signed record (record.h)
//   NAME.lock   locked by the node of that name
//
// Threads: one of its own, which tells the registry. The rest for the owner.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "registry/folder_watch.h"
#include "registry/record.h"
#include "registry/registry.h"

namespace kinode::registry {

class Devnet {
 public:
  /// The folder of this user's development nodes, where none is given.
  static std::string default_folder();

  /// Makes the folder if it is not there, for this user alone, and takes the name. Fails if a node with that
  /// name runs in it.
  static Result<std::unique_ptr<Devnet>> join(std::string folder, const std::string& name);
  /// Takes the record back.
  ~Devnet();
  Devnet(const Devnet&) = delete;
  Devnet& operator=(const Devnet&) = delete;

  [[nodiscard]] const std::string& folder() const { return folder_; }
  /// Writes this node's record.
  Result<void> publish(const Identity& ours, const crypto::SigningKey& key);
  /// Tells the registry of all others in it, from now on. `report` gets a line for each thing that is wrong.
  Result<void> follow(Registry& registry, std::function<void(const std::string&)> report);

 private:
  Devnet(std::string folder, std::string name, int lock)
      : folder_(std::move(folder)), name_(std::move(name)), lock_(lock) {}
  [[nodiscard]] std::string path_of(const std::string& file) const { return folder_ + "/" + file; }

  const std::string folder_;
  const std::string name_;
  const int lock_;
  std::unique_ptr<FolderWatch> watch_;
};

}  // namespace kinode::registry
