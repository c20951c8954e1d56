// Open files and their cursors (modules.md 2.4).
//
// There is one handle for each path, shared by all processes, and with it one cursor. At most `limit` handles
// stay open: the one used longest ago is closed first (defect V1), never one in use (V2), and its cursor is
// kept for when the file is opened again. Whoever closes, makes, removes or renames a file says `forget`, which
// takes the kept cursor too (V3).
//
// Any thread. The table's lock is held for no call out. A handle is locked by who uses it, so requests on one
// file come one after another.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "modules/vfs/descriptor.h"
#include "modules/vfs/vfs_error.h"

namespace kinode::modules::vfs {

struct Handle {
  std::mutex mutex;
  // All guarded by `mutex`.
  Descriptor file;
  bool writable = true;
  uint64_t cursor = 0;
};

struct OpenedFile {
  Descriptor file;
  bool writable = true;
};

class HandleTable {
 public:
  struct Limits {
    /// At least 1.
    size_t open_files = 512;
    /// Cursors of files that were closed to stay below it. The oldest is given up first.
    size_t kept_cursors = 65'536;
  };
  explicit HandleTable(Limits limits) : limits_(limits) {}

  using Open = std::function<VfsResult<OpenedFile>()>;
  /// The handle of `path`, opened if it is not, with the cursor where it was. Fails as `open` does; when
  /// that says that too many files are open, once more after closing half.
  VfsResult<std::shared_ptr<Handle>> acquire(const std::string& path, const Open& open);
  /// The handle, if it is open.
  std::shared_ptr<Handle> find(const std::string& path);
  /// Makes `file` the handle of `path`, its cursor at 0, in place of what was there.
  void put(const std::string& path, OpenedFile file);
  /// Says that the file of this name is another now. `current` knows it already; a handle opened meanwhile
  /// is closed, its cursor kept.
  void renewed(const std::string& path, const Handle* current);

  /// Closes; the cursor goes too.
  void close(const std::string& path);
  /// The same, when the name has lost its file or got another.
  void forget(const std::string& path);
  /// The same for all that is below it.
  void forget_tree(const std::string& path);

  void set_limit(size_t open_files);
  /// Called, outside of all locks, when handles were closed to stay below the limit. Set before use.
  void on_limit(std::function<void()> notify) { notify_ = std::move(notify); }
  [[nodiscard]] size_t open_files() const;
  [[nodiscard]] size_t kept_cursors() const;

 private:
  using Order = std::list<std::string>;  // last used first
  struct Slot {
    std::shared_ptr<Handle> handle;
    Order::iterator order;
  };
  struct KeptCursor {
    uint64_t cursor;
    uint64_t age;
  };
  // With the lock held:
  std::shared_ptr<Handle> touch(const std::string& path);
  std::shared_ptr<Handle> insert(const std::string& path, OpenedFile file);
  /// Closes what is used by nobody, longest unused first, down to `target`. True if it closed any.
  bool close_down_to(size_t target);
  bool make_room();
  void keep_cursor(const std::string& path, uint64_t cursor);
  void drop(std::map<std::string, Slot>::iterator slot);
  void drop_cursor(const std::string& path);

  Limits limits_;
  std::function<void()> notify_;

  mutable std::mutex mutex_;
  // All guarded by `mutex_`.
  std::map<std::string, Slot> slots_;
  Order order_;
  std::map<std::string, KeptCursor> cursors_;
  std::map<uint64_t, std::string> cursor_ages_;
  uint64_t next_age_ = 0;
  /// Rises whenever a name may have come to mean another file: what was opened before must not be put in.
  uint64_t epoch_ = 0;
};

}  // namespace kinode::modules::vfs
