// RocksStore: the RocksDB below RocksJournal, with waiting calls. It gives RocksDB's failures words, and
// can be closed and opened again in place when the disk let it down.
//
// Threads: `read`, `scan` and `checkpoint` are for any; `commit` and `reopen` for one, the flusher.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/bytes.h"
#include "base/result.h"

namespace rocksdb {
class DB;
class Status;
}  // namespace rocksdb

namespace kinode::modules {

/// What one atomic write changes: to each key its last value, none where it is deleted.
using Changes = std::unordered_map<std::string, std::optional<Bytes>>;

class RocksStore {
 public:
  /// The version of the keys and values that this node writes (docs/formats/kernel-store.md).
  static constexpr int version = 1;

  /// Opens the store in `folder`, or makes one. Fails when another program has it open, when it was
  /// written by a newer node or is no store of ours, and when the disk fails.
  static Result<std::unique_ptr<RocksStore>> open(std::filesystem::path folder);
  ~RocksStore();
  RocksStore(const RocksStore&) = delete;
  RocksStore& operator=(const RocksStore&) = delete;

  /// All or nothing, and on disk when it returns. After a failure the changes may be there or not, and
  /// all fails until `reopen`.
  Result<void> commit(const Changes& changes);
  /// After a failed commit: looks whether the disk takes `bytes` again, and if so closes the store and
  /// opens it, whereby what did get to the disk is read back. Reads go on meanwhile where they can.
  Result<void> reopen(size_t bytes);

  enum class Effort : uint8_t { memory_only, disk };
  struct Read {
    bool needs_disk = false;  // with memory_only; then there is no value yet
    std::optional<Bytes> value;
  };
  Result<Read> read(const std::string& key, Effort effort);

  /// Visits what starts with `prefix`, in order, seen through changes that are not committed yet.
  /// `take_later` gives those; it calls `show` while it keeps them from being committed, and what the
  /// store holds then is what the scan shows.
  using Later = std::map<std::string, std::optional<Bytes>, std::less<>>;
  using TakeLater = std::function<Later(const std::function<void()>& show)>;
  Result<void> scan(std::string_view prefix, const TakeLater& take_later,
                    const std::function<Result<void>(std::string_view, Bytes)>& visit);

  /// Makes a copy that can be opened as a store, in place of what is at `target`. It takes room only for
  /// what changes later, where `target` is on the same file system.
  Result<void> checkpoint(const std::filesystem::path& target);

 private:
  explicit RocksStore(std::filesystem::path folder);
  Result<void> open_database();
  Result<void> check_version();
  [[nodiscard]] Error error(const rocksdb::Status& status, std::string_view doing) const;
  /// Whether there is room for what opening writes, which is all that the log holds: where there is not,
  /// RocksDB as Debian builds it ends the program.
  [[nodiscard]] Result<void> check_room() const;
  Result<void> probe(size_t bytes) const;

  std::filesystem::path folder_;
  std::shared_mutex mutex_;  // exclusive while `database_` is replaced
  std::unique_ptr<rocksdb::DB> database_;
};

}  // namespace kinode::modules
