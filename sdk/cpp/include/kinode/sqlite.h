#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "kinode/json.h"
#include "kinode/process.h"

/// SQL databases: requests to `sqlite:distro:sys`, each awaited. A database belongs to a package; `open` gives its
/// process the right to read and to write it. The process needs sqlite's messaging capability, and must grant sqlite
/// its own, as every process that is not public.

namespace kinode::sqlite {

/// What sqlite said, as text: `NoReadCap`, `RusqliteError: no such table: t`, ...; or `Timeout`, `Offline` where it
/// said nothing.
struct Error {
  std::string text;
};

template <class T>
using Result = std::expected<T, Error>;

/// A value for a `?` of a statement: NULL, INTEGER, REAL, TEXT or BLOB.
using Value = std::variant<std::nullptr_t, int64_t, double, std::string, std::vector<uint8_t>>;

/// The bytes of a blob in a row; nothing if the value is none.
std::optional<std::vector<uint8_t>> blob_of(const Json& value);

class Transaction;

/// A database that was opened. A value: its name.
class Database {
 public:
  /// Makes it where there is none; for a process of `package`.
  static Result<Database> open(PackageId package, std::string name);
  /// One that this process was given the capabilities of.
  static Database opened_by_another(PackageId package, std::string name);

  /// One statement that changes nothing. The rows are objects; a blob in them is base64.
  Result<std::vector<Json>> query(std::string_view sql, const std::vector<Value>& parameters = {}) const;
  /// One statement. When it returns the change is kept, also by a node that ends at once; what this process then sends
  /// out of the node waits until the disk has it. The rows of RETURNING, if any.
  Result<std::vector<Json>> write(std::string_view sql, const std::vector<Value>& parameters = {}) const;

  /// Statements that are done together at `commit`, or not at all.
  Result<Transaction> begin() const;

  /// Deletes it with all that is in it.
  Result<void> remove() const;

 private:
  friend class Transaction;
  Database(PackageId package, std::string name) : package_(std::move(package)), name_(std::move(name)) {}
  Result<Json> ask(Json action, const Blob* blob) const;
  Result<std::vector<Json>> write_in(std::string_view sql, const std::vector<Value>& parameters,
                                     std::optional<uint64_t> transaction) const;

  PackageId package_;
  std::string name_;
};

/// Ends with `commit` or `rollback`, or with the process.
class Transaction {
 public:
  /// Keeps the statement for `commit`, which is what finds errors of SQL.
  Result<void> write(std::string_view sql, const std::vector<Value>& parameters = {}) const;
  Result<void> commit() const;
  Result<void> rollback() const;

 private:
  friend class Database;
  Transaction(Database database, uint64_t id) : database_(std::move(database)), id_(id) {}
  Result<void> end(const char* action) const;

  Database database_;
  uint64_t id_;
};

}  // namespace kinode::sqlite
