// SnapshotSource: a part of what a node keeps (the kernel's store, drives, databases), as a backup sees it.
//
// A snapshot is one moment of all parts together:
//
//   for each source: hold, else release those held and give up
//   for each source: capture        // quick; the moment
//   for each source: release        // the node goes on
//   for each capture: complete      // may copy much data
//   ... the tree is read, for as long as that takes ...
//   each capture is destroyed, and the tree deleted
//
// A source is given the folder `<tree>/<name()>`, which is not there yet and is on the home's file system. What it
// puts there is laid out as it is in the home, so a restored tree is a home.
//
// Threads: all functions are called by the one thread that makes snapshots, and may wait. A capture may outlive
// later snapshots of its source, never the source.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <stop_token>
#include <string_view>

#include "base/result.h"

namespace kinode::modules {

class SnapshotSource {
 public:
  virtual ~SnapshotSource() = default;

  /// One part's share of a snapshot. While it lives what it shares with the live part (hard links) is kept apart
  /// from changes to that.
  class Capture {
   public:
    virtual ~Capture() = default;
    /// Finishes the tree. The source is not held meanwhile; what changed since `capture` is not in it. Fails soon after
    /// `stop` is requested, between two files or parts of one; the tree is of no use then.
    virtual Result<void> complete(const std::stop_token& stop) = 0;
  };

  /// Name of its folder in the home.
  [[nodiscard]] virtual std::string_view name() const = 0;
  /// Waits until no change is under way, and holds back new ones until `release`. Transactions that are open may
  /// stay so: what is not committed is not captured. Fails, holding nothing, when `patience` ends before.
  virtual Result<void> hold(std::chrono::milliseconds patience) = 0;
  virtual void release() = 0;
  /// Between hold and release: fixes what is kept at this moment. Links, checkpoints and read transactions, but no
  /// copies of data, since the node waits.
  virtual Result<std::unique_ptr<Capture>> capture(const std::filesystem::path& folder) = 0;
};

}  // namespace kinode::modules
