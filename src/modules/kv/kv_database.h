// One database of kv:distro:sys that is open: a RocksDB that also the first client could open, and that opens those
// of the first client.
//
// A write is in the log (WAL) when it returns, so the end of the program loses nothing; `sync` brings the log to the
// disk, for the output gate.
//
// Any thread, and all may wait for the disk. Transactions must be gone before their database is.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "modules/database/database_error.h"
#include "modules/database/transactions.h"
#include "modules/kv/entries.h"
#include "modules/kv/kv_api.h"

namespace rocksdb {
class Iterator;
class OptimisticTransactionDB;
class Status;
class Transaction;
struct Options;
}  // namespace rocksdb

namespace kinode::modules::kv {

/// Keys in order, as Iterate answers them.
struct Page {
  size_t count = 0;
  std::string entries;
  std::optional<Bytes> next;
};

class KvTransaction;

class KvDatabase {
 public:
  /// Opens the database in `folder`, which is there, or makes one in it. Fails with RocksDBError when the disk does or
  /// is full, and when what is there cannot be read.
  static database::DatabaseResult<std::unique_ptr<KvDatabase>> open(const std::filesystem::path& folder,
                                                                    const rocksdb::Options& options);
  ~KvDatabase();
  KvDatabase(const KvDatabase&) = delete;
  KvDatabase& operator=(const KvDatabase&) = delete;

  database::DatabaseResult<std::optional<Bytes>> get(const Bytes& key);
  /// All or none.
  database::DatabaseResult<void> set(const std::vector<Entry>& entries);
  database::DatabaseResult<void> erase(const Bytes& key);
  database::DatabaseResult<Page> iterate(const IterateAction& range, const KvLimits& limits);
  /// Sees the database as it is now.
  std::unique_ptr<KvTransaction> begin();

  /// Whether something was written and not brought to the disk since.
  [[nodiscard]] bool is_dirty() const { return dirty_; }
  /// All that was written before is on the disk when it returns. Once that failed, it fails for ever: the system tells
  /// once of what it could not write. By one thread at a time.
  Result<void> sync();
  /// Puts a copy into `folder`, which must not be there, of hard links where it can.
  Result<void> checkpoint(const std::filesystem::path& folder);

 private:
  friend class KvTransaction;
  explicit KvDatabase(std::unique_ptr<rocksdb::OptimisticTransactionDB> database);
  /// Looks after a write: marks the database as dirty, or tries to have it take writes again.
  database::DatabaseResult<void> written(const rocksdb::Status& status);

  std::unique_ptr<rocksdb::OptimisticTransactionDB> database_;
  std::atomic<bool> dirty_ = false;
  std::optional<Error> lost_;  // of `sync`
};

/// Isolated by snapshot: it sees the database as it was when it began, and its own changes. Its commit fails where
/// somebody else has changed a key that it changes. Destroyed, it is rolled back.
class KvTransaction {
 public:
  KvTransaction(KvDatabase& database, std::unique_ptr<rocksdb::Transaction> transaction);
  ~KvTransaction();

  database::DatabaseResult<std::optional<Bytes>> get(const Bytes& key);
  database::DatabaseResult<void> set(const std::vector<Entry>& entries);
  database::DatabaseResult<void> erase(const Bytes& key);
  database::DatabaseResult<Page> iterate(const IterateAction& range, const KvLimits& limits);
  database::DatabaseResult<void> commit();

 private:
  KvDatabase& database_;
  std::unique_ptr<rocksdb::Transaction> transaction_;
};

}  // namespace kinode::modules::kv
