// Trees: a home at one moment, as files that stay as they are while they are read.
//
// Of a running node SnapshotMaker makes one below <home>/backup/trees, from what keeps each part
// (modules/snapshot_source.h). A home without a node is its own tree.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "backup/utc.h"
#include "base/blocking_pool.h"
#include "base/clock.h"
#include "base/result.h"
#include "modules/snapshot_source.h"

namespace kinode::backup {

struct Tree {
  std::filesystem::path folder;
  /// The names in it that make up the home.
  std::vector<std::string> entries;
  /// Paths below it that are left out.
  std::vector<std::string> excludes;
  Time taken;
  /// The folder goes with the last copy of this.
  std::shared_ptr<const void> keeper;
};

/// The home itself. Whoever calls holds its lock as long as the tree is used.
Result<Tree> tree_of_stopped(const std::filesystem::path& home);

/// Threads: `take` is for any thread, and waits. The sources are called by a thread of this object. Trees must be gone
/// when this ends, and this before its sources.
class SnapshotMaker {
 public:
  /// Deletes trees that an earlier run left.
  SnapshotMaker(const std::filesystem::path& home, std::vector<modules::SnapshotSource*> sources);
  ~SnapshotMaker();

  /// A tree of a moment that is not before `since`: one that is in use where there is such, else a new one. Fails soon
  /// after `stop` is requested; others who wait get trees of their own.
  Result<Tree> take(Instant since, const std::stop_token& stop);

 private:
  struct Folder;
  Result<Tree> make(const std::stop_token& stop);
  Result<void> fill(Folder& tree, const std::stop_token& stop);
  Result<void> capture_all(Folder& tree, const std::stop_token& stop);

  const std::filesystem::path home_;
  const std::vector<modules::SnapshotSource*> sources_;
  // Of the thread:
  std::weak_ptr<Folder> latest_;
  uint64_t count_ = 0;
  BlockingPool thread_{"snapshot", 1};
};

}  // namespace kinode::backup
