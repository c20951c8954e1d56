// The files of the host below <home>/vfs, reached so that nothing leaves its drive (defect S7).
//
// A drive is a directory <root>/package:publisher/drive, which must not be a link. Everything in it is
// resolved by the kernel of the host from a descriptor of the drive, with openat2 and RESOLVE_BENEATH: links
// that stay in the drive are followed, one that leads out is an error, whatever else changes the tree
// meanwhile. What takes a name away or makes one goes through a descriptor of its parent, found the same way.
//
// <root>/.staging holds files before they get their name, and trees after they lost theirs. No package can
// have that name, so no guest sees it, and `open` empties it of what a crash left.
//
// Names that are made, changed or removed are noted in `unflushed`; of contents the caller says so.
//
// Any thread; it has no state of its own that changes but a counter. Calls wait for the disk.
#pragma once

#include <sys/stat.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "modules/vfs/descriptor.h"
#include "modules/vfs/unflushed.h"
#include "modules/vfs/usage.h"
#include "modules/vfs/vfs_error.h"
#include "modules/vfs/vfs_path.h"

namespace kinode::modules::vfs {

enum class FileKind : uint8_t { file, directory, symlink, other };
FileKind kind_of(mode_t mode);

struct DirectoryEntry {
  std::string name;
  FileKind kind;
};

/// A directory, and a name in it that need not exist.
struct Place {
  Descriptor directory;
  std::string name;
};

/// A file in the staging directory: gone with this object, unless it was moved to its place.
class StagedFile {
 public:
  StagedFile(int staging, std::string name, Descriptor file)
      : staging_(staging), name_(std::move(name)), file_(std::move(file)) {}
  ~StagedFile();
  StagedFile(StagedFile&& other) noexcept
      : staging_(other.staging_), name_(std::exchange(other.name_, {})), file_(std::move(other.file_)) {}
  StagedFile& operator=(StagedFile&&) = delete;

  [[nodiscard]] const Descriptor& file() const { return file_; }
  /// In the staging directory.
  [[nodiscard]] const std::string& name() const { return name_; }
  /// Gives it its name, in place of a file that has it. Atomic.
  VfsResult<void> move_to(const Place& place);
  Descriptor take_file() { return std::move(file_); }

 private:
  int staging_;
  std::string name_;  // empty once it is in its place
  Descriptor file_;
};

class HostTree {
 public:
  /// Makes `root` if need be. Fails where it cannot, or the host is too old for openat2 (Linux 5.6).
  static Result<std::unique_ptr<HostTree>> open(const std::string& root);
  HostTree(const HostTree&) = delete;
  HostTree& operator=(const HostTree&) = delete;

  [[nodiscard]] const std::string& root() const { return root_; }
  /// The directory itself, open as O_PATH.
  [[nodiscard]] int directory() const { return directory_.get(); }
  /// Its own life: the journal may flush it after this is gone.
  [[nodiscard]] const std::shared_ptr<Unflushed>& unflushed() const { return unflushed_; }

  /// A regular file, with flags as of open(2); of anything else it fails, and never waits.
  VfsResult<Descriptor> open_file(const VfsPath& path, int flags) const;
  /// Follows links.
  VfsResult<struct stat> stat(const VfsPath& path) const;
  VfsResult<std::vector<DirectoryEntry>> list(const VfsPath& path) const;
  /// The packages' directories.
  VfsResult<std::vector<DirectoryEntry>> list_root() const;

  VfsResult<void> make_directory(const VfsPath& path) const;
  /// With all that is missing before it, drive and package too; fine where it exists. How many it made in the package.
  VfsResult<uint64_t> make_directories(const VfsPath& path) const;

  VfsResult<void> remove_file(const VfsPath& path) const;
  /// Only an empty one.
  VfsResult<void> remove_directory(const VfsPath& path) const;
  /// A directory with all in it. It is gone for all others at one instant; a link is removed, not followed. How much
  /// that was.
  VfsResult<Usage> remove_tree(const VfsPath& path);
  VfsResult<void> rename(const VfsPath& from, const VfsPath& to) const;

  VfsResult<Place> place_of(const VfsPath& path) const;
  /// What has the name, links not followed; none if nothing has it.
  static VfsResult<std::optional<struct stat>> look(const Place& place);
  VfsResult<StagedFile> stage();
  /// Gives a staged file one more name, in place of what has it. Atomic.
  VfsResult<void> link_staged(const StagedFile& staged, int directory, const std::string& path);

 private:
  HostTree(std::string root, Descriptor directory) : root_(std::move(root)), directory_(std::move(directory)) {}
  VfsResult<Descriptor> resolve(const VfsPath& path, int flags, mode_t mode = 0) const;
  std::string fresh_name();
  /// Deletes what has the name in the staging directory or, where it could not be moved there, elsewhere.
  VfsResult<void> destroy(int directory, const std::string& name);
  VfsResult<void> destroy_content(int directory, const std::string& name, int depth, std::vector<std::string>& deeper);
  void empty_staging();

  std::string root_;
  Descriptor directory_;
  Descriptor staging_;
  std::shared_ptr<Unflushed> unflushed_;
  std::atomic<uint64_t> staged_ = 0;
};

}  // namespace kinode::modules::vfs
