// The transactions that processes have open, of all databases of a module.
//
// An id is a random number, and good for the process that began the transaction and for its database alone (defect
// K2: ids of all were good for anybody, for ever). A transaction ends by commit, by rollback, with the life of its
// process, with its database, or when nobody used it for `idle`; then its id is unknown: NoTx.
//
// Any thread. A transaction is used by the work of its process, one piece after another; it is destroyed, and so rolled
// back, outside of the lock, by whoever lets go of it last.
#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "modules/database/database_error.h"

namespace kinode::modules::database {

/// One open transaction. To destroy it is to roll it back, unless it was committed.
class Transaction {
 public:
  virtual ~Transaction() = default;
  /// All or nothing, once. After a failure nothing of it is done.
  virtual DatabaseResult<void> commit() = 0;
};

class Transactions {
 public:
  struct Limits {
    size_t of_process = 64;
    size_t count = 512;
    /// What their changes occupy, as `grow` is told.
    size_t bytes_of_one = size_t{256} << 20U;
    size_t bytes = size_t{1} << 30U;
    std::chrono::minutes idle{10};
  };
  Transactions(Limits limits, const Clock& clock, Random& random) : limits_(limits), clock_(clock), random_(random) {}

  /// The new id. Fails at a limit.
  DatabaseResult<uint64_t> add(const ProcessId& owner, const DatabaseId& database,
                               std::shared_ptr<Transaction> transaction);
  /// The transaction, or NoTx.
  DatabaseResult<std::shared_ptr<Transaction>> find(uint64_t id, const ProcessId& owner, const DatabaseId& database);
  /// Counts `bytes` more for one that was found. Fails at a limit; then they are not counted.
  DatabaseResult<void> grow(uint64_t id, size_t bytes);
  /// The same as `find`, and forgets it.
  DatabaseResult<std::shared_ptr<Transaction>> take(uint64_t id, const ProcessId& owner, const DatabaseId& database);

  void end_of(const ProcessId& owner);
  /// Before a database is removed: ends those on it, and until `allow` no new one is added to it (NoDb).
  void refuse(const DatabaseId& database);
  void allow(const DatabaseId& database);

  [[nodiscard]] size_t count() const;
  [[nodiscard]] size_t bytes() const;

 private:
  struct Record {
    ProcessId owner;
    DatabaseId database;
    std::shared_ptr<Transaction> transaction;
    size_t bytes = 0;
    Instant last_used;
    std::list<uint64_t>::iterator use;
  };
  using Records = std::map<uint64_t, Record>;
  using Ended = std::vector<std::shared_ptr<Transaction>>;  // destroyed by the caller, without the lock

  // With the lock held:
  Records::iterator find_record(uint64_t id, const ProcessId& owner, const DatabaseId& database);
  std::shared_ptr<Transaction> forget(Records::iterator record);
  Ended forget_idle();
  template <class Matches>
  Ended forget_if(Matches matches);

  const Limits limits_;
  const Clock& clock_;
  Random& random_;
  mutable std::mutex mutex_;
  // All guarded by `mutex_`.
  Records records_;
  std::list<uint64_t> uses_;  // the one used longest ago first
  std::unordered_map<ProcessId, size_t> owners_;
  std::multiset<DatabaseId> refused_;
  size_t bytes_ = 0;
};

}  // namespace kinode::modules::database
