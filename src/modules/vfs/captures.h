// Captures: the live snapshots of the drives, and what keeps them as they were.
//
// A snapshot's tree has hard links to the files of the drives, so it is made without copying. As long as a file is
// shared with a snapshot, its content must not be changed in place: whoever is about to says `before_change`, which
// gives the snapshot a copy of its own, once. A file that is replaced, renamed or removed needs none: the snapshot's
// link keeps the old one. Of several snapshots that share a file all get the same copy.
//
// Any thread. `before_change` may wait for a copy. No lock is held meanwhile.
#pragma once

#include <sys/stat.h>

#include <atomic>
#include <condition_variable>
#include <list>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "modules/vfs/descriptor.h"
#include "modules/vfs/host_tree.h"
#include "modules/vfs/vfs_error.h"

namespace kinode::modules::vfs {

/// A file, by whatever name.
struct Inode {
  uint64_t device = 0;
  uint64_t number = 0;

  static Inode of(const struct stat& status) { return {status.st_dev, status.st_ino}; }
  friend auto operator<=>(const Inode&, const Inode&) = default;
};

class Captures {
 public:
  /// Copies are made in the staging directory of `tree`.
  explicit Captures(HostTree& tree) : tree_(tree) {}

  /// What one snapshot shares with the drives.
  struct Shared {
    Descriptor folder;
    /// Where in the folder, each path as in the drives.
    std::multimap<Inode, std::string> names;
    /// Once nobody reads it any more it needs no copies.
    bool is_read = true;
  };
  using Ticket = std::list<Shared>::iterator;
  /// The snapshot lives until `remove`. While no change is under way.
  Ticket add(Shared shared);
  /// Takes its names away, which are known until then: else a file would seem to be shared with something else, and
  /// be written in place.
  void remove(Ticket ticket);

  /// To be called before the content, length or permissions of an open file are changed; until its return nobody else
  /// may have begun to. Fails, and the file must stay as it is, where a snapshot cannot be given its copy.
  VfsResult<void> before_change(int file);
  /// How many names of the file are those of snapshots.
  [[nodiscard]] uint64_t names_of(const struct stat& status) const;

 private:
  struct Name {
    int folder;
    std::string path;
  };
  VfsResult<void> give_copy(int file, const std::vector<Name>& names);
  VfsResult<void> put(const StagedFile& copy, const Name& name);
  [[nodiscard]] std::vector<Name> names_to_copy(const Inode& inode) const;

  HostTree& tree_;
  /// Whether there is any snapshot, for those who ask often.
  std::atomic<size_t> live_ = 0;

  mutable std::mutex mutex_;
  // All guarded by `mutex_`.
  std::condition_variable copied_;
  std::list<Shared> shared_;
  std::set<Inode> being_copied_;
};

}  // namespace kinode::modules::vfs
