// What is done with one remote, in the thread that asks, and what it changes in the remote's status. A running node
// (remote_worker.h) and `kinode backup` on a stopped one do the same.
#pragma once

#include <functional>
#include <stop_token>

#include "backup/settings.h"
#include "backup/status.h"
#include "backup/tree.h"
#include "base/result.h"
#include "restic/restic.h"

namespace kinode::backup {

class RemoteWork {
 public:
  /// Changes the status, which others may be reading, by what is given to it.
  using Update = std::function<void(const std::function<void(RemoteStatus&)>&)>;

  /// `password` outlives this. `node` is whose snapshots these are.
  RemoteWork(const Remote& remote, const crypto::Secret& password, const std::string& node,
             const std::filesystem::path& home, Update update);

  /// Stores the tree. `parent`: a snapshot of the remote that this one is likely to be like; without one the remote is
  /// asked for its last.
  Result<void> back_up(const Tree& tree, std::optional<std::string> parent, const std::stop_token& stop);
  /// Lets go of what need not stay, at most once a day if not told `now`.
  Result<void> forget(const restic::Retention& retention, bool now, const std::stop_token& stop);
  Result<void> forget_snapshot(const std::string& id, const std::stop_token& stop);
  Result<void> verify(uint32_t percent, const std::stop_token& stop);
  [[nodiscard]] Result<std::vector<restic::Snapshot>> snapshots(const std::stop_token& stop) const {
    return restic_.snapshots(stop);
  }

 private:
  void note_size(const std::stop_token& stop);

  restic::Restic restic_;
  Update update_;
  std::optional<Time> forgotten_;
};

}  // namespace kinode::backup
