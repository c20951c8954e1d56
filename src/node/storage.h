// Storage: what a node keeps in its home, and the runtime modules that serve it to processes: the journal and
// state:distro:sys, the drives and vfs:distro:sys, the databases of kv:distro:sys and sqlite:distro:sys.
//
// All are flushed with the journal (RocksJournal::also_flush), and are parts of snapshots.
//
// Threads: made and ended by the node. It outlives the kernel; the modules' work ends with the modules.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/blocking_pool.h"
#include "kernel/kernel.h"
#include "modules/database/work_gate.h"
#include "modules/kv/kv_engine.h"
#include "modules/snapshot_source.h"
#include "modules/sqlite/sqlite_engine.h"
#include "modules/sqlite/sqlite_snapshots.h"
#include "modules/state/kernel_snapshot.h"
#include "modules/state/rocks_journal.h"
#include "modules/vfs/vfs.h"
#include "modules/vfs/vfs_snapshot.h"
#include "node/options.h"

namespace kinode::node {

class Storage {
 public:
  /// Opens what is in the home, or makes it. `report` is told what the operator should know, on any thread.
  static Result<std::unique_ptr<Storage>> open(const Options& options, std::function<void(const std::string&)> report);

  modules::RocksJournal& journal() { return *journal_; }
  modules::vfs::Vfs& vfs() { return *vfs_; }

  /// Adds state, vfs, kv and sqlite to a kernel that does not outlive this.
  void add_modules(kernel::Kernel& kernel);
  /// In the order in which they are captured.
  std::vector<modules::SnapshotSource*> snapshot_sources();
  /// From now on statements of SQL end at once: the node stops.
  void stop() { sqlite_->stop(); }

 private:
  explicit Storage(std::function<void(const std::string&)> report) : report_(std::move(report)) {}
  Result<void> open_parts(const Options& options);

  const std::function<void(const std::string&)> report_;
  // The databases before the journal, which flushes them at its end.
  std::unique_ptr<modules::kv::KvStore> kv_;
  std::unique_ptr<modules::kv::KvEngine> kv_engine_;
  std::unique_ptr<modules::sqlite::SqliteEngine> sqlite_;
  modules::database::WorkGate sqlite_gate_;
  std::unique_ptr<modules::RocksJournal> journal_;
  std::unique_ptr<modules::vfs::Vfs> vfs_;

  std::unique_ptr<modules::KernelSnapshot> kernel_snapshots_;
  std::unique_ptr<modules::vfs::VfsSnapshot> vfs_snapshots_;
  std::unique_ptr<modules::sqlite::SqliteSnapshots> sqlite_snapshots_;

  /// Each module has its own, so that none waits for another's work: a large file, or a statement that takes long.
  BlockingPool state_threads_{"state", 8};
  BlockingPool drive_threads_{"drive", 16};
  BlockingPool kv_threads_{"kv", 8};
  BlockingPool sqlite_threads_{"sqlite", 8};
};

}  // namespace kinode::node
