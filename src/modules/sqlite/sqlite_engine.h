// SqliteEngine: the databases behind sqlite:distro:sys (modules.md 4), in
// `<home>/sqlite/<package>:<publisher>/<db>/<db>.db`.
//
// Actions, beside those that all database modules have:
//
//   {"Query":SQL}                            parameters as blob; "Read" and the rows
//   {"Write":{"statement":SQL,"tx_id":T}}    parameters as blob; "Ok", and the rows where RETURNING gives any
//
// Query may read, Write may change the database; what else SQL could do is refused (authorizer.h, defect S15). Both
// take one statement.
//
// A transaction is a list of Writes, carried out at Commit, all or nothing. SQLite has one writer for a database: a
// transaction of its own kind, held open by a process that waits for something else, would stop all others. So errors
// of SQL show at Commit, as in the first client, and after one nothing is done.
//
// **Durability.** What was written is in its database's log when it is answered: the end of the program loses nothing.
// `sync`, which the journal calls before it calls anything durable, brings the logs to the disk. So a Write costs no
// flush of the disk, and what leaves the node rests on nothing that a power failure takes back.
//
// Any thread. It outlives its module, and the journal that calls `sync`.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>

#include "modules/database/database_engine.h"
#include "modules/database/database_folders.h"
#include "modules/database/open_databases.h"
#include "modules/database/work_gate.h"
#include "modules/sqlite/sqlite_database.h"

namespace kinode::modules::sqlite {

struct Settings {
  Limits limits;
  /// Databases that nobody uses and that stay open. Each has three files open, and three for each reader.
  size_t open_databases = 64;
  database::DatabaseFolders::Limits folders;
  /// After each change, and each Query that may have seen one that is not on the disk yet, before it is answered, for
  /// the journal to be told. Any thread; must not wait.
  std::function<void()> on_write = [] {};
};

class SqliteEngine final : public database::DatabaseEngine {
 public:
  /// Makes `<home>/sqlite` if need be.
  static Result<std::unique_ptr<SqliteEngine>> open(const std::filesystem::path& home, const Settings& settings = {});

  database::DatabaseResult<void> open(const database::DatabaseId& database) override;
  database::DatabaseResult<void> remove(const database::DatabaseId& database) override;
  database::DatabaseResult<std::shared_ptr<database::Transaction>> begin(const database::DatabaseId& database) override;
  database::DatabaseResult<database::Answer> act(const database::DatabaseCall& call,
                                                 const codec::JsonVariant& action) override;

  /// All that was written before is on the disk when it returns. Fails when the disk does.
  Result<void> sync();

  /// From now on statements end at once, with an error: the node stops.
  void stop() { stopping_ = true; }

  [[nodiscard]] const database::DatabaseFolders& folders() const { return folders_; }
  /// The file of a database.
  [[nodiscard]] std::filesystem::path file_of(const database::DatabaseId& database) const;

 private:
  class QueuedTransaction;
  using Lease = database::OpenDatabases<SqliteDatabase>::Lease;

  SqliteEngine(database::DatabaseFolders folders, const Settings& settings)
      : settings_(settings), folders_(std::move(folders)), databases_(settings.open_databases) {}

  /// The database, opened if need be; NoDb where there is none.
  database::DatabaseResult<Lease> acquire(const database::DatabaseId& database);
  database::DatabaseResult<Lease> acquire_or_make(const database::DatabaseId& database);
  database::DatabaseResult<database::Answer> query(const database::DatabaseCall& call, std::string sql);
  database::DatabaseResult<database::Answer> write(const database::DatabaseCall& call, std::string sql,
                                                   std::optional<uint64_t> transaction);

  const Settings settings_;
  std::atomic<bool> stopping_ = false;
  const database::DatabaseFolders folders_;
  database::OpenDatabases<SqliteDatabase> databases_;
};

}  // namespace kinode::modules::sqlite
