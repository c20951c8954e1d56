// Drives: every action of vfs:distro:sys on files and directories, without messages and without asking who
// may (modules.md 2.1). The module and the boot code stand on it.
//
// Paths are virtual. What fails says so as a VfsError, with the text that guests get.
//
// A file that is replaced as a whole (write, copy, unpack) is written beside and given its name when it is
// complete: who reads by path sees the old or the new, and a crash leaves one of them. An open handle goes on
// with the new file, its cursor where it was. A file that has several names, or is reached through a link, is
// written in place, so that it stays one file.
//
// Every change passes a gate, which a snapshot holds for its moment; is counted for its package (quotas.h); leaves
// files that a live snapshot shares as they were (captures.h); and is noted, so that it is on the disk before anything
// that rests on it leaves the node (unflushed.h).
//
// Any thread. Calls wait for the disk: not on a worker.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "kernel/journal.h"
#include "modules/vfs/captures.h"
#include "modules/vfs/change_gate.h"
#include "modules/vfs/handles.h"
#include "modules/vfs/host_tree.h"
#include "modules/vfs/quotas.h"
#include "modules/vfs/vfs_error.h"
#include "modules/vfs/vfs_path.h"
#include "package/archive.h"
#include "package/hash.h"

namespace kinode::modules::vfs {

struct Settings {
  HandleTable::Limits handles;
  /// Bytes that one answer may hold, of a file or of paths. A file can state any length without having it.
  uint64_t most_bytes_read = uint64_t{1} << 30U;
  /// Of a file longer than this there is no hash: it would hold a thread for hours.
  uint64_t most_bytes_hashed = uint64_t{64} << 30U;
  package::ArchiveLimits archive;
  /// Of all drives of a package together.
  Quotas::Limits quota;
  /// Where a change takes its place in the order of what lasts; it must flush `Vfs::flush` too. None: nobody waits for
  /// the disk.
  kernel::Journal* journal = nullptr;
};

/// Where a cursor goes.
struct SeekFrom {
  enum class Kind : uint8_t { start, end, current };
  Kind kind = Kind::start;
  uint64_t start = 0;  // for start
  int64_t offset = 0;  // for end and current
};

struct FileMetadata {
  FileKind kind;
  uint64_t length;
};

struct ListedFile {
  /// As requests take it: "package:publisher/drive/name".
  std::string path;
  FileKind kind;
};

class Drives {
 public:
  Drives(std::unique_ptr<HostTree> tree, Settings settings);

  // ---- directories ------------------------------------------------------------------------------

  VfsResult<void> create_dir(const VfsPath& path);
  /// With all that is missing before it, the drive too.
  VfsResult<void> create_dir_all(const VfsPath& path);
  /// A drive that WASI writes. As what WASI does it waits for no snapshot and is counted by the next walk, so that a
  /// worker may call it.
  VfsResult<void> create_tmp(const VfsPath& drive);
  /// Fails where the paths of all entries are longer than an answer may be.
  VfsResult<std::vector<ListedFile>> read_dir(const VfsPath& path);
  /// The packages.
  VfsResult<std::vector<ListedFile>> read_root();
  VfsResult<void> remove_dir(const VfsPath& path);
  VfsResult<void> remove_dir_all(const VfsPath& path);
  /// Unpacks into the directory `path`, which it makes. Nothing is written of an archive that is not safe;
  /// an entry that cannot be unpacked leaves those before it, whole.
  VfsResult<void> add_zip(const VfsPath& path, const Bytes& zip);

  // ---- files by path, which do not touch the cursor ---------------------------------------------

  VfsResult<Bytes> read(const VfsPath& path);
  /// As much of it as there is; of what is beyond the end nothing.
  VfsResult<Bytes> read_range(const VfsPath& path, uint64_t offset, uint64_t length);
  VfsResult<void> write(const VfsPath& path, std::span<const uint8_t> content);
  VfsResult<void> remove_file(const VfsPath& path);
  /// A file or a directory. Open handles of both names, and below, are closed (defect V6).
  VfsResult<void> rename(const VfsPath& from, const VfsPath& to);
  /// With its permissions.
  VfsResult<void> copy_file(const VfsPath& from, const VfsPath& to);
  /// Follows links.
  VfsResult<FileMetadata> metadata(const VfsPath& path);

  // ---- files by handle --------------------------------------------------------------------------

  VfsResult<void> create_file(const VfsPath& path);
  VfsResult<void> open_file(const VfsPath& path, bool create);
  void close_file(const VfsPath& path);
  /// At the cursor. The data is with the system when this returns (defect V4).
  VfsResult<void> write_all(const VfsPath& path, std::span<const uint8_t> content);
  VfsResult<void> append(const VfsPath& path, std::span<const uint8_t> content);
  VfsResult<void> sync_all(const VfsPath& path);
  VfsResult<Bytes> read_to_end(const VfsPath& path);
  /// Fails without allocating when the file is shorter (defect V5); then the cursor stays.
  VfsResult<Bytes> read_exact(const VfsPath& path, uint64_t length);
  VfsResult<std::string> read_to_string(const VfsPath& path);
  VfsResult<uint64_t> seek(const VfsPath& path, const SeekFrom& to);
  VfsResult<uint64_t> length(const VfsPath& path);
  VfsResult<void> set_length(const VfsPath& path, uint64_t length);
  /// Of the whole file; the cursor ends at its end. Fails at once where the file is too long.
  VfsResult<package::Sha256Digest> hash(const VfsPath& path);

  HandleTable& handles() { return handles_; }
  [[nodiscard]] HostTree& tree() { return *tree_; }
  ChangeGate& gate() { return gate_; }
  Captures& captures() { return captures_; }
  /// Of the package's drives, as it is counted.
  VfsResult<Usage> usage(const PackageId& package) { return quotas_.of(package.text()); }

 private:
  /// A handle with its lock held.
  struct Held {
    std::shared_ptr<Handle> handle;
    std::unique_lock<std::mutex> lock;
    Handle* operator->() const { return handle.get(); }
    [[nodiscard]] int file() const { return handle->file.get(); }
  };
  VfsResult<Held> hold(const VfsPath& path, bool create = false);
  /// The same; fails where the file cannot be written.
  VfsResult<Held> hold_writable(const VfsPath& path);

  /// Makes a change, by `act`: all that changes anything goes through here, once.
  template <class Act>
  auto change(Act act) -> decltype(act()) {
    const ChangeGate::Passage passage = gate_.enter();
    auto result = act();
    // Whatever came of it: part of it may be made.
    if (auto noted = take_place(); !noted && result) {
      return std::unexpected(noted.error());
    }
    return result;
  }
  VfsResult<void> take_place();

  // All of these within `change`:

  /// Says that `bytes` of an open file were changed, or only its length. May wait for the disk.
  VfsResult<void> changed(int file, uint64_t bytes);
  VfsResult<void> set_length(int file, uint64_t length);
  VfsResult<void> make_directories(const VfsPath& path);
  enum class Where : uint8_t { cursor, end };
  VfsResult<void> write_through(const VfsPath& path, std::span<const uint8_t> content, Where where);
  VfsResult<void> set_length_through(const VfsPath& path, uint64_t length);
  VfsResult<void> rename_entry(const VfsPath& from, const VfsPath& to);
  VfsResult<void> unpack(const VfsPath& path, package::Archive& archive);

  using Fill = std::function<VfsResult<void>(int file)>;
  /// Replaces the file as a whole by what `fill` writes, `length` bytes if nothing changes meanwhile; `mode` is that of
  /// the new file, where given.
  VfsResult<void> replace(const VfsPath& path, uint64_t length, const Fill& fill,
                          std::optional<mode_t> mode = std::nullopt);
  VfsResult<void> write_beside(const VfsPath& path, const Place& place, bool replaces, const Fill& fill,
                               std::optional<mode_t> mode);
  VfsResult<void> write_in_place(const VfsPath& path, const Fill& fill, std::optional<mode_t> mode);

  [[nodiscard]] bool is_directory(const VfsPath& path) const;
  VfsResult<Bytes> read_part(int file, uint64_t offset, uint64_t length) const;

  std::unique_ptr<HostTree> tree_;
  Settings settings_;
  ChangeGate gate_;
  Quotas quotas_;
  Captures captures_;
  HandleTable handles_;
};

}  // namespace kinode::modules::vfs
