// KvStore: all databases of kv:distro:sys, `<home>/kv/<package>:<publisher>/<name>`.
//
// They share memory: one cache for what is read, and one bound for what is written and not yet in tables, however many
// are open. Databases that nobody uses are closed beyond a limit.
//
// **Durability.** A write is in its database's log when it returns: the end of the program loses nothing. `on_write`
// tells the journal of each before it is answered, and `sync`, which the journal calls before anything becomes durable,
// brings all logs to the disk. So a write costs no flush of the disk, and what leaves the node rests on nothing that a
// power cut could take away.
//
// Threads: all functions are for any; they may wait for the disk. It outlives its users.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "modules/database/database_folders.h"
#include "modules/database/open_databases.h"
#include "modules/database/work_gate.h"
#include "modules/kv/kv_database.h"
#include "modules/kv/kv_limits.h"
#include "modules/snapshot_source.h"

namespace kinode::modules::kv {

class KvStore final : public SnapshotSource {
 public:
  struct Settings {
    KvLimits limits;
    database::WorkGate::Limits work;
    /// Tells the journal of a write, any thread; must not wait. Fails while nothing becomes durable.
    std::function<Result<uint64_t>()> on_write = [] { return Result<uint64_t>(0); };
  };
  using Lease = database::OpenDatabases<KvDatabase>::Lease;

  /// Makes `<home>/kv` where there is none. Fails when the disk does.
  static Result<std::unique_ptr<KvStore>> open(const std::filesystem::path& home, Settings settings);
  ~KvStore() override;

  [[nodiscard]] const KvLimits& limits() const { return settings_.limits; }
  /// What a module's work passes, so that a snapshot can hold it back.
  database::WorkGate& gate() { return gate_; }

  /// The database, made where there is none.
  database::DatabaseResult<Lease> make(const database::DatabaseId& database);
  /// The database, or NoDb.
  database::DatabaseResult<Lease> acquire(const database::DatabaseId& database);
  /// Waits until nobody uses it.
  database::DatabaseResult<void> remove(const database::DatabaseId& database);
  /// After a write that went well, before it is answered. Fails where it may not last, since the disk fails.
  [[nodiscard]] database::DatabaseResult<void> wrote() const;

  /// Everything written before is on the disk when it returns. Fails when the disk does.
  Result<void> sync();

  // ---- SnapshotSource -----------------------------------------------------------------------------

  [[nodiscard]] std::string_view name() const override { return "kv"; }
  Result<void> hold(std::chrono::milliseconds patience) override { return gate_.hold(patience); }
  void release() override { gate_.release(); }
  Result<std::unique_ptr<Capture>> capture(const std::filesystem::path& folder) override;

 private:
  struct Shared;
  KvStore(database::DatabaseFolders folders, Settings settings);

  const Settings settings_;
  const database::DatabaseFolders folders_;
  const std::unique_ptr<Shared> shared_;
  database::WorkGate gate_;
  database::OpenDatabases<KvDatabase> open_;
};

}  // namespace kinode::modules::kv
