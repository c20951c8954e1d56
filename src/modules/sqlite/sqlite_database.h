// SqliteDatabase: one open database. Reading goes on beside writing, and beside other reading, each on a connection of
// its own, and sees what was committed last (WAL). Writing is one after another.
//
// What was changed is in the log when the call returns; `sync` brings the log to the disk.
//
// Any thread; a call waits for the disk, and one that writes for those before it.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "modules/sqlite/connection.h"

namespace kinode::modules::sqlite {

class SqliteDatabase {
 public:
  /// Makes the file where there is none; its folder is there. `limits` and `stopping` as of Connection.
  static SqliteResult<std::unique_ptr<SqliteDatabase>> open(std::filesystem::path file, const Limits& limits,
                                                            const std::atomic<bool>& stopping);

  // As those of Connection.
  SqliteResult<std::string> query(const Statement& statement);
  SqliteResult<std::optional<std::string>> write(const Statement& statement);
  SqliteResult<void> write_all(std::span<const Statement> statements);

  /// Whether there may be something that a query sees and `sync` has not brought to the disk.
  [[nodiscard]] bool is_dirty() const { return writes_ || dirty_; }
  /// All that was written before is on the disk when it returns. It waits for no statement. Once the disk failed, it
  /// fails for ever: the system tells once of what it could not write. By one thread at a time.
  Result<void> sync();

  /// Connections for reading that stay open for the next Query.
  static constexpr size_t most_idle_readers = 2;

 private:
  SqliteDatabase(std::filesystem::path file, const Limits& limits, const std::atomic<bool>& stopping,
                 std::unique_ptr<Connection> writer)
      : file_(std::move(file)), limits_(limits), stopping_(stopping), writer_(std::move(writer)) {}
  SqliteResult<std::unique_ptr<Connection>> take_reader();
  void give_back(std::unique_ptr<Connection> reader);

  const std::filesystem::path file_;
  const Limits& limits_;
  const std::atomic<bool>& stopping_;
  std::atomic<bool> writes_ = false;  // a statement runs that writes
  std::atomic<bool> dirty_ = false;   // one has run since `sync`
  std::optional<Error> lost_;         // of `sync`
  /// Held while a statement runs: who writes waits for it.
  std::mutex writing_;
  std::unique_ptr<Connection> writer_;  // guarded by `writing_`
  std::mutex readers_mutex_;
  std::vector<std::unique_ptr<Connection>> idle_readers_;  // guarded by `readers_mutex_`
};

}  // namespace kinode::modules::sqlite
