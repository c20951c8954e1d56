// Unflushed: the files and directories that were changed since the last flush.
//
// A change does not wait for the disk. What was changed is noted here, with a descriptor, and `flush` writes all of it
// to the disk at once. The journal has that done before anything leaves the node that may rest on it (the output gate).
// So many small writes share one flush. Beyond a number of files the whole file system is flushed instead, and
// who wrote much flushes it by itself, so that no flush takes long and others' answers do not wait for it.
//
// A failed flush may have lost what it was to write: the system tells of it once. So a failure stays, and the gate
// shut, until the node starts anew.
//
// Any thread.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "base/result.h"
#include "modules/vfs/descriptor.h"
#include "modules/vfs/vfs_error.h"

namespace kinode::modules::vfs {

class Unflushed {
 public:
  /// `directory` is on the file system that all of it is on.
  explicit Unflushed(Descriptor directory) : directory_(std::move(directory)) {}

  /// Notes that `bytes` of the content of `file`, or its length, were changed. True: it is to be flushed now, by the
  /// caller, before it goes on.
  [[nodiscard]] bool file_changed(int file, uint64_t bytes);
  /// Notes that names in `directory` (which may be open as O_PATH) were changed.
  void directory_changed(int directory);

  /// Whether all that was changed is on the disk.
  [[nodiscard]] bool is_flushed();
  /// Waits for the disk. All that was noted before is on it then, or an error says that it may not be.
  Result<void> flush();
  /// The same of one open file alone. All that flush a file do it so, since the system tells of a failure once, to
  /// whoever asks first.
  VfsResult<void> flush_file(int file);

 private:
  using Inode = std::pair<uint64_t, uint64_t>;  // device, number
  void note(int file);
  Error keep(Error failure);

  const Descriptor directory_;
  std::mutex flushing_;  // one flush at a time, so that none returns before an earlier one has
  std::mutex mutex_;
  // All guarded by `mutex_`.
  std::map<Inode, Descriptor> changed_;
  bool too_many_ = false;
  uint64_t bytes_ = 0;
  std::optional<Error> failure_;
};

}  // namespace kinode::modules::vfs
