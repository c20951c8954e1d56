#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kinode/process.h"

/// Keys and values that last: requests to `kv:distro:sys`, each awaited. The process needs messaging with kv, both
/// ways (`request_capabilities` and, unless it is public, `grant_capabilities` in its manifest).

namespace kinode::kv {

/// What kv said, as text: `NoReadCap`, `RocksDBError: conflict: ...`, ...; or `Timeout`, `Offline` where it said
/// nothing.
struct Error {
  std::string text;
};

template <class T>
using Result = std::expected<T, Error>;

struct Entry {
  Bytes key;
  Bytes value;
};

/// The keys that start with `prefix`, from `from` on, before `to`, in order of their bytes.
struct Range {
  Bytes prefix{};
  Bytes from{};
  std::optional<Bytes> to{};
  /// Of one page; kv bounds it too.
  std::optional<uint64_t> limit{};
  bool keys_only = false;
};

struct Page {
  std::vector<Entry> entries;
  /// `from` of the next page; none after the last.
  std::optional<Bytes> next;
};

/// A transaction of this process on one database.
using Transaction = uint64_t;

/// A database. With a transaction, an action becomes part of it, and reads see what it changed.
class Database {
 public:
  /// One of our own package, made where there is none. This process then holds its capabilities.
  static Result<Database> open(std::string_view name);
  /// One of another package, whose capabilities this process must hold.
  Database(PackageId package, std::string name) : package_(std::move(package)), name_(std::move(name)) {}

  /// None where the key is not there.
  Result<std::optional<Bytes>> get(const Bytes& key, std::optional<Transaction> transaction = {}) const;
  Result<void> set(const Bytes& key, Bytes value, std::optional<Transaction> transaction = {}) const;
  /// All or none.
  Result<void> set_many(std::span<const Entry> entries, std::optional<Transaction> transaction = {}) const;
  Result<void> erase(const Bytes& key, std::optional<Transaction> transaction = {}) const;
  Result<Page> page(const Range& range, std::optional<Transaction> transaction = {}) const;

  /// It sees the database as it is now, and ends with this process.
  Result<Transaction> begin() const;
  /// Fails where somebody else has changed a key that it changes; then nothing of it is done.
  Result<void> commit(Transaction transaction) const;
  Result<void> rollback(Transaction transaction) const;

  /// Removes it with all that is in it; by its owner.
  Result<void> remove() const;

 private:
  PackageId package_;
  std::string name_;
};

}  // namespace kinode::kv
