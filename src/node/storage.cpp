#include "node/storage.h"

#include <utility>

#include "codec/json.h"
#include "modules/database/database_module.h"
#include "modules/state/state_module.h"
#include "modules/vfs/vfs_module.h"

namespace kinode::node {

Result<std::unique_ptr<Storage>> Storage::open(const Options& options, std::function<void(const std::string&)> report) {
  std::unique_ptr<Storage> storage(new Storage(std::move(report)));
  if (Result<void> opened = storage->open_parts(options); !opened) {
    return std::unexpected(opened.error());
  }
  return storage;
}

Result<void> Storage::open_parts(const Options& options) {
  // What was changed beside the journal is in its order by an empty write.
  auto note_change = [this] { return journal_->write({}); };
  auto opened_journal = modules::RocksJournal::open(options.home, {.report = report_});
  modules::vfs::Settings drives;
  drives.quota.bytes = options.drive_quota;
  drives.journal = opened_journal ? opened_journal->get() : nullptr;
  auto opened_vfs = modules::vfs::Vfs::open(options.home, drives);
  auto opened_kv = modules::kv::KvStore::open(options.home, {.on_write = note_change});
  auto opened_sqlite = modules::sqlite::SqliteEngine::open(options.home, {.on_write = [=] { (void)note_change(); }});
  if (auto error = codec::first_error(opened_journal, opened_vfs, opened_kv, opened_sqlite)) {
    return std::unexpected(*error);
  }
  journal_ = std::move(*opened_journal);
  vfs_ = std::move(*opened_vfs);
  kv_ = std::move(*opened_kv);
  sqlite_ = std::move(*opened_sqlite);
  kv_engine_ = std::make_unique<modules::kv::KvEngine>(*kv_);

  journal_->also_flush(vfs_->flush());
  journal_->also_flush([this] { return kv_->sync(); });
  journal_->also_flush([this] { return sqlite_->sync(); });

  kernel_snapshots_ = std::make_unique<modules::KernelSnapshot>(*journal_);
  vfs_snapshots_ = std::make_unique<modules::vfs::VfsSnapshot>(*vfs_);
  sqlite_snapshots_ = std::make_unique<modules::sqlite::SqliteSnapshots>(*sqlite_, sqlite_gate_, report_);
  return {};
}

void Storage::add_modules(kernel::Kernel& kernel) {
  kernel.add_module(ProcessId("state", "distro", "sys"), false, [this](kernel::ProcessContext& context) {
    return std::make_unique<modules::StateModule>(context, *journal_, state_threads_,
                                                  [this] { return journal_->checkpoint(journal_->backup_path()); });
  });
  kernel.add_module(ProcessId("vfs", "distro", "sys"), false, [this](kernel::ProcessContext& context) {
    return std::make_unique<modules::vfs::VfsModule>(context, *vfs_, drive_threads_);
  });
  kernel.add_module(ProcessId("kv", "distro", "sys"), false, [this](kernel::ProcessContext& context) {
    return std::make_unique<modules::database::DatabaseModule>(context, *kv_engine_, kv_->gate(), kv_threads_);
  });
  kernel.add_module(ProcessId("sqlite", "distro", "sys"), false, [this](kernel::ProcessContext& context) {
    return std::make_unique<modules::database::DatabaseModule>(context, *sqlite_, sqlite_gate_, sqlite_threads_);
  });
}

std::vector<modules::SnapshotSource*> Storage::snapshot_sources() {
  return {kernel_snapshots_.get(), vfs_snapshots_.get(), kv_.get(), sqlite_snapshots_.get()};
}

}  // namespace kinode::node
