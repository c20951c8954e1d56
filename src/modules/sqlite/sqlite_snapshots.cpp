#include "modules/sqlite/sqlite_snapshots.h"

#include <sqlite3.h>

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "modules/sqlite/statement_memory.h"

namespace kinode::modules::sqlite {
namespace {

namespace fs = std::filesystem;
using database::DatabaseId;

/// How long it waits for who closes or recovers the database just now.
constexpr int busy_milliseconds = 5'000;
/// How much is done from one look at whether to stop to the next: pages that are copied, steps of SQLite's machine.
constexpr int pages_at_once = 1'024;
constexpr int steps_at_once = 10'000;

struct Close {
  void operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }
};
using Handle = std::unique_ptr<sqlite3, Close>;

Result<Handle> open_file(const fs::path& file, int flags) {
  StatementMemory::install();
  sqlite3* opened = nullptr;
  const int result = sqlite3_open_v2(file.c_str(), &opened, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  Handle handle(opened);
  if (result != SQLITE_OK) {
    return fail("{}", opened == nullptr ? sqlite3_errstr(result) : sqlite3_errmsg(opened));
  }
  sqlite3_busy_timeout(opened, busy_milliseconds);
  return handle;
}

Result<void> execute(sqlite3* connection, const char* sql) {
  if (sqlite3_exec(connection, sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
    return fail("{}", sqlite3_errmsg(connection));
  }
  return {};
}

/// A connection that sees the database as it is now for as long as it lives. It may write, which it needs to bring a
/// log of an earlier run into order.
Result<Handle> begin_reading(const fs::path& file) {
  Result<Handle> source = open_file(file, SQLITE_OPEN_READWRITE);
  if (!source) {
    return source;
  }
  // The transaction begins with what is read first.
  Result<void> begun = execute(source->get(), "BEGIN; SELECT count(*) FROM sqlite_schema");
  if (!begun) {
    return std::unexpected(std::move(begun.error()));
  }
  return source;
}

/// Nothing, or what is wrong with it.
Result<void> check(sqlite3* connection, const std::stop_token& stop) {
  sqlite3_progress_handler(
      connection, steps_at_once,
      [](void* token) { return static_cast<const std::stop_token*>(token)->stop_requested() ? 1 : 0; },
      const_cast<std::stop_token*>(&stop));
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(connection, "PRAGMA quick_check(1)", -1, &statement, nullptr) != SQLITE_OK) {
    return fail("{}", sqlite3_errmsg(connection));
  }
  Result<void> found;
  if (sqlite3_step(statement) != SQLITE_ROW) {
    found = fail("{}", sqlite3_errmsg(connection));
  } else if (const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
             text == nullptr || std::string_view(text) != "ok") {
    found = fail("{}", text == nullptr ? "out of memory" : text);
  }
  sqlite3_finalize(statement);
  return found;
}

Result<void> copy(sqlite3* source, const fs::path& file, const std::stop_token& stop) {
  std::error_code error;
  fs::create_directories(file.parent_path(), error);
  if (error) {
    return fail("cannot make {}: {}", file.parent_path().string(), error.message());
  }
  Result<Handle> target = open_file(file, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  if (!target) {
    return std::unexpected(target.error().at(file.string()));
  }
  // Who reads the tree wants no file beside it, and no crash leaves one that is used.
  if (Result<void> set = execute(target->get(), "PRAGMA synchronous = OFF"); !set) {
    return set;
  }
  sqlite3_backup* backup = sqlite3_backup_init(target->get(), "main", source, "main");
  if (backup == nullptr) {
    return fail("{}", sqlite3_errmsg(target->get()));
  }
  int result = SQLITE_OK;
  while (result == SQLITE_OK && !stop.stop_requested()) {
    result = sqlite3_backup_step(backup, pages_at_once);
  }
  sqlite3_backup_finish(backup);
  return result == SQLITE_DONE ? Result<void>() : fail("{}", sqlite3_errstr(result));
}

class SqliteCapture final : public SnapshotSource::Capture {
 public:
  struct Captured {
    DatabaseId database;
    fs::path file;  // of the copy
    Handle source;
  };
  SqliteCapture(fs::path folder, std::function<void(std::string)> report)
      : folder_(std::move(folder)), report_(std::move(report)) {}

  void add(const DatabaseId& database, const fs::path& file) {
    Result<Handle> source = begin_reading(file);
    if (!source) {
      report_(fmt::format("sqlite: {} is not in the backup: {}", database.text(), source.error().message));
      return;
    }
    captured_.push_back(
        {database, folder_ / database.package.text() / database.name / file.filename(), std::move(*source)});
  }

  Result<void> complete(const std::stop_token& stop) override {
    std::error_code error;
    fs::create_directories(folder_, error);
    if (error) {
      return fail("cannot make {}: {}", folder_.string(), error.message());
    }
    for (Captured& each : captured_) {
      Result<void> done = copy(each.source.get(), each.file, stop);
      each.source.reset();
      Result<void> sound = done ? check_copy(each.file, stop) : done;
      if (stop.stop_requested()) {
        return fail("it was stopped before its end");
      }
      if (!done) {
        report_(fmt::format("sqlite: {} is not in the backup: {}", each.database.text(), done.error().message));
        fs::remove_all(each.file.parent_path(), error);
        continue;
      }
      if (!sound) {
        report_(
            fmt::format("sqlite: {} is damaged, in the backup too: {}", each.database.text(), sound.error().message));
      }
    }
    captured_.clear();
    return {};
  }

 private:
  /// Without the log that its header speaks of, and leaving none.
  static Result<void> check_copy(const fs::path& file, const std::stop_token& stop) {
    Result<Handle> copy =
        open_file("file:" + escaped(file.string()) + "?immutable=1", SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
    return copy ? check(copy->get(), stop) : std::unexpected(copy.error());
  }
  static std::string escaped(std::string_view path) {
    std::string result;
    for (const char c : path) {
      result +=
          c == '%' || c == '?' || c == '#' ? fmt::format("%{:02x}", static_cast<unsigned char>(c)) : std::string(1, c);
    }
    return result;
  }

  const fs::path folder_;
  const std::function<void(std::string)> report_;
  std::vector<Captured> captured_;
};

}  // namespace

Result<std::unique_ptr<SnapshotSource::Capture>> SqliteSnapshots::capture(const fs::path& folder) {
  Result<std::vector<DatabaseId>> databases = engine_.folders().list();
  if (!databases) {
    return std::unexpected(std::move(databases.error()));
  }
  auto made = std::make_unique<SqliteCapture>(folder, report_);
  for (const DatabaseId& database : *databases) {
    // One that was being made when the node ended has no file yet.
    std::error_code error;
    if (const fs::path file = engine_.file_of(database); fs::exists(file, error) || error) {
      made->add(database, file);
    }
  }
  return made;
}

}  // namespace kinode::modules::sqlite
