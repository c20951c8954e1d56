// DatabaseEngine: what kv and sqlite do each in their own way behind a DatabaseModule.
//
// All functions run on threads of the module's pool, may wait for the disk, and are called after the module has
// checked names and rights as told at each. Calls for one process come one after another.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "codec/json.h"
#include "modules/database/database_access.h"
#include "modules/database/database_error.h"
#include "modules/database/transactions.h"
#include "types/message.h"

namespace kinode::modules::database {

/// The answer to a request that went well.
struct Answer {
  std::string body = "\"Ok\"";
  std::optional<Bytes> blob = std::nullopt;
};

/// One request, as an engine sees it.
class DatabaseCall {
 public:
  DatabaseCall(const Address& source, const DatabaseId& database, const std::optional<Blob>& blob,
               const DatabaseAccess& access, Transactions& transactions)
      : source_(source), database_(database), blob_(blob), access_(access), transactions_(transactions) {}

  [[nodiscard]] const DatabaseId& database() const { return database_; }
  [[nodiscard]] const std::optional<Blob>& blob() const { return blob_; }

  /// Nothing, or the error to answer: to be called before anything is done.
  [[nodiscard]] DatabaseResult<void> check(Right right) const { return access_.check(source_, right, database_); }
  /// The open transaction of this process on this database, or NoTx.
  [[nodiscard]] DatabaseResult<std::shared_ptr<Transaction>> transaction(uint64_t id) const {
    return transactions_.find(id, source_.process(), database_);
  }
  /// The same, before it gets changes of `bytes`, which it may not have room for.
  [[nodiscard]] DatabaseResult<std::shared_ptr<Transaction>> growing_transaction(uint64_t id, size_t bytes) const {
    auto found = transaction(id);
    if (!found) {
      return found;
    }
    if (auto grown = transactions_.grow(id, bytes); !grown) {
      return std::unexpected(std::move(grown.error()));
    }
    return found;
  }

 private:
  const Address& source_;
  const DatabaseId& database_;
  const std::optional<Blob>& blob_;
  const DatabaseAccess& access_;
  Transactions& transactions_;
};

class DatabaseEngine {
 public:
  virtual ~DatabaseEngine() = default;

  /// Opens the database for its owner, and makes it where there is none.
  virtual DatabaseResult<void> open(const DatabaseId& database) = 0;
  /// Removes it with all that is in it. Its transactions are rolled back, and no new ones begin meanwhile.
  virtual DatabaseResult<void> remove(const DatabaseId& database) = 0;
  /// A new transaction, for a process that may write. NoDb where there is no such database.
  virtual DatabaseResult<std::shared_ptr<Transaction>> begin(const DatabaseId& database) = 0;
  /// Every other action, of which nothing is checked yet but the names.
  virtual DatabaseResult<Answer> act(const DatabaseCall& call, const codec::JsonVariant& action) = 0;
};

}  // namespace kinode::modules::database
