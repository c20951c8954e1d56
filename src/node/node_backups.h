// NodeBackups: the backups of a running node, and backup:distro:sys.
//
// Threads: made and ended by the node, after its storage and before the kernel's end.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "backup/backups.h"
#include "backup/tree.h"
#include "crypto/ed25519.h"
#include "kernel/kernel.h"

namespace kinode::node {

class NodeBackups {
 public:
  /// `key` is the node's, from which it has the password of repositories. The sources outlive it.
  NodeBackups(const std::string& home, const std::string& name, const crypto::SigningKey& key,
              std::vector<modules::SnapshotSource*> sources, std::function<void(const std::string&)> report,
              Random& random);

  /// Adds backup:distro:sys, and starts what the settings say.
  void start(kernel::Kernel& kernel);
  /// Begins the end, which the destructor waits for.
  void request_stop();

 private:
  const crypto::Secret password_;
  backup::SnapshotMaker snapshots_;
  const backup::RemoteWorker::Node node_;
  std::unique_ptr<backup::Backups> backups_;
};

}  // namespace kinode::node
