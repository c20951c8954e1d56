// Connection: one connection of SQLite with one database, set up so that statements of strangers can be run on it.
//
// Statements are judged by the Authorizer, bounded in time and memory (limits.h), and compiled once: the last ones
// used are kept. What a writer changed is in the database's log (WAL) when its call returns, so the end of the program
// loses nothing; the log is brought to the disk by SqliteDatabase::sync.
//
// Used by one thread at a time. Errors are those for guests (sqlite_error.h).
#pragma once

#include <sqlite3.h>

#include <atomic>
#include <filesystem>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "modules/sqlite/authorizer.h"
#include "modules/sqlite/limits.h"
#include "modules/sqlite/sqlite_error.h"
#include "modules/sqlite/values.h"

namespace kinode::modules::sqlite {

struct Statement {
  std::string sql;
  Parameters parameters;
};

class Connection {
 public:
  enum class Role : uint8_t {
    reader,  // the file is opened for reading
    writer,  // makes the file where there is none
  };
  /// `limits` and `stopping` must outlive it; when that becomes true, what runs ends with an error.
  static SqliteResult<std::unique_ptr<Connection>> open(const std::filesystem::path& file, Role role,
                                                        const Limits& limits, const std::atomic<bool>& stopping);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// The rows of a statement that changes nothing, as JSON.
  SqliteResult<std::string> query(const Statement& statement);
  /// All or nothing. The rows, where the statement gives any (RETURNING, some PRAGMAs).
  SqliteResult<std::optional<std::string>> write(const Statement& statement);
  /// All of them or nothing, seen by others at once. Rows are left out. The error says which failed.
  SqliteResult<void> write_all(std::span<const Statement> statements);

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  struct Close {
    void operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }
  };
  struct Prepared {
    std::string sql;
    std::unique_ptr<sqlite3_stmt, Finalize> statement;
  };
  class Run;

  Connection(Role role, const Limits& limits, const std::atomic<bool>& stopping);
  SqliteResult<void> configure(Role role);
  /// The file's, in its own pages.
  SqliteResult<void> limit_size();
  /// A statement of the node itself.
  SqliteResult<void> execute(const char* sql);

  /// From the cache, or compiled. What is not reset and given back by `keep` is deleted.
  SqliteResult<Prepared> prepare(const std::string& sql);
  void keep(Prepared prepared);
  /// To its end; the rows where it has columns.
  SqliteResult<std::optional<std::string>> step_through(Prepared& prepared, const Parameters& parameters);
  SqliteResult<std::optional<std::string>> run(const Statement& statement, bool is_write);
  /// Within BEGIN and COMMIT; rolled back where `act` fails.
  template <class Act>
  SqliteResult<void> in_transaction(Act act);

  /// What SQLite says of its last call.
  [[nodiscard]] SqliteFailure failure(std::string_view sql) const;
  static int on_progress(void* self);

  const Limits& limits_;
  const std::atomic<bool>& stopping_;
  Authorizer authorizer_;
  std::unique_ptr<sqlite3, Close> connection_;
  /// The one used last first.
  std::list<Prepared> cache_;
  std::unordered_map<std::string_view, std::list<Prepared>::iterator> cached_;
  /// What runs now, if anything does.
  Run* run_ = nullptr;
};

}  // namespace kinode::modules::sqlite
