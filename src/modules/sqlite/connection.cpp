#include "modules/sqlite/connection.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "modules/sqlite/functions.h"
#include "modules/sqlite/statement_memory.h"
#include "modules/sqlite/statement_text.h"

namespace kinode::modules::sqlite {
namespace {

constexpr size_t most_cached = 32;
constexpr size_t longest_cached = size_t{16} << 10U;
/// Of a compiled statement: views upon views make much of a short text.
constexpr int most_bytes_cached = 128 << 10U;
/// Instructions of SQLite's machine between two looks at the clock: some ten microseconds.
constexpr int instructions_of_a_look = 1'000;
/// How long one connection waits for another, of a snapshot or of a person's own program.
constexpr int busy_milliseconds = 5'000;

using SteadyClock = std::chrono::steady_clock;

void set_limits(sqlite3* connection, const Limits& limits) {
  sqlite3_limit(connection, SQLITE_LIMIT_LENGTH, static_cast<int>(limits.value_bytes));
  sqlite3_limit(connection, SQLITE_LIMIT_SQL_LENGTH, static_cast<int>(limits.sql_bytes));
  sqlite3_limit(connection, SQLITE_LIMIT_EXPR_DEPTH, 500);
  sqlite3_limit(connection, SQLITE_LIMIT_COMPOUND_SELECT, 500);
  sqlite3_limit(connection, SQLITE_LIMIT_VARIABLE_NUMBER, 32'766);
  sqlite3_limit(connection, SQLITE_LIMIT_TRIGGER_DEPTH, 100);
  // Comparing takes text times pattern.
  sqlite3_limit(connection, SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 500);
  sqlite3_limit(connection, SQLITE_LIMIT_ATTACHED, 0);
  sqlite3_limit(connection, SQLITE_LIMIT_WORKER_THREADS, 0);
}

bool set_option(sqlite3* connection, int option, int value) {
  return sqlite3_db_config(connection, option, value, nullptr) == SQLITE_OK;
}

/// Whether more than one statement is there.
bool has_more(std::string_view tail) { return !skip_space(tail).empty(); }

}  // namespace

/// The time and the memory of what a call runs.
class Connection::Run {
 public:
  Run(Connection& connection, std::chrono::milliseconds time)
      : connection_(connection),
        time_(time),
        until_(SteadyClock::now() + time),
        memory_(connection.limits_.statement_memory) {
    connection_.run_ = this;
  }
  ~Run() { connection_.run_ = nullptr; }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  [[nodiscard]] bool is_over() const { return SteadyClock::now() >= until_; }
  [[nodiscard]] bool needs_too_much() const { return memory_.exceeded(); }
  [[nodiscard]] std::chrono::milliseconds time() const { return time_; }

 private:
  Connection& connection_;
  std::chrono::milliseconds time_;
  SteadyClock::time_point until_;
  StatementMemory memory_;
};

Connection::Connection(Role role, const Limits& limits, const std::atomic<bool>& stopping)
    : limits_(limits),
      stopping_(stopping),
      authorizer_(role == Role::writer ? Authorizer::Allows::writing : Authorizer::Allows::reading) {}

Connection::~Connection() = default;

SqliteResult<std::unique_ptr<Connection>> Connection::open(const std::filesystem::path& file, Role role,
                                                           const Limits& limits, const std::atomic<bool>& stopping) {
  StatementMemory::install();
  std::unique_ptr<Connection> made(new Connection(role, limits, stopping));
  sqlite3* opened = nullptr;
  const int access = role == Role::writer ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
  const int result =
      sqlite3_open_v2(file.c_str(), &opened, access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  made->connection_.reset(opened);
  if (result != SQLITE_OK) {
    return sqlite_failure(opened == nullptr ? sqlite3_errstr(result) : sqlite3_errmsg(opened));
  }
  if (SqliteResult<void> configured = made->configure(role); !configured) {
    return std::unexpected(std::move(configured.error()));
  }
  return made;
}

SqliteResult<void> Connection::configure(Role role) {
  sqlite3* connection = connection_.get();
  sqlite3_busy_timeout(connection, busy_milliseconds);
  set_limits(connection, limits_);
  if (!set_option(connection, SQLITE_DBCONFIG_DEFENSIVE, 1) ||
      // Else a trigger cannot keep a search table up to date. The authorizer is asked within triggers and views too.
      !set_option(connection, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 1) ||
      !set_option(connection, SQLITE_DBCONFIG_WRITABLE_SCHEMA, 0) ||
      !set_option(connection, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0) ||
      !set_option(connection, SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, 0) ||
      // As the first client's library is built.
      !set_option(connection, SQLITE_DBCONFIG_ENABLE_FKEY, 1) || !add_functions(connection)) {
    return failure({});
  }
  // Temporary files would lie outside of the home, and count in no limit.
  SqliteResult<void> done = execute("PRAGMA temp_store = MEMORY");
  if (done && role == Role::writer) {
    done = execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = 67108864");
  }
  if (done && role == Role::writer) {
    done = limit_size();
  }
  if (!done) {
    return done;
  }
  authorizer_.install(connection);
  sqlite3_progress_handler(connection, instructions_of_a_look, on_progress, this);
  return {};
}

SqliteResult<void> Connection::limit_size() {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(connection_.get(), "PRAGMA page_size", -1, &statement, nullptr) != SQLITE_OK) {
    return failure({});
  }
  const std::unique_ptr<sqlite3_stmt, Finalize> owned(statement);
  if (sqlite3_step(statement) != SQLITE_ROW) {
    return failure({});
  }
  const auto page_bytes = static_cast<uint64_t>(sqlite3_column_int64(statement, 0));
  return execute(fmt::format("PRAGMA max_page_count = {}", limits_.database_bytes / page_bytes).c_str());
}

SqliteResult<void> Connection::execute(const char* sql) {
  authorizer_.suspend(true);
  const int result = sqlite3_exec(connection_.get(), sql, nullptr, nullptr, nullptr);
  authorizer_.suspend(false);
  if (result != SQLITE_OK) {
    return failure({});
  }
  return {};
}

int Connection::on_progress(void* self) {
  const auto& connection = *static_cast<const Connection*>(self);
  return connection.stopping_.load(std::memory_order_relaxed) ||
                 (connection.run_ != nullptr && connection.run_->is_over())
             ? 1
             : 0;
}

SqliteFailure Connection::failure(std::string_view sql) const {
  sqlite3* connection = connection_.get();
  switch (sqlite3_extended_errcode(connection) & 0xff) {
    case SQLITE_AUTH:
      if (authorizer_.refused() == Authorizer::Refused::change) {
        return not_a_read(authorizer_.reason());
      }
      return sqlite_failure(authorizer_.reason().empty() ? sqlite3_errmsg(connection) : authorizer_.reason());
    case SQLITE_INTERRUPT:
      if (run_ != nullptr && run_->is_over()) {
        return sqlite_failure(
            fmt::format("interrupted: it took more than {} s", static_cast<double>(run_->time().count()) / 1000.0));
      }
      return sqlite_failure("interrupted: the node stops");
    case SQLITE_NOMEM:
      if (run_ != nullptr && run_->needs_too_much()) {
        return sqlite_failure(
            fmt::format("out of memory: a statement may take {} MiB", limits_.statement_memory >> 20U));
      }
      break;
    case SQLITE_FULL:
      return sqlite_failure(fmt::format("{}: the disk is, or the database has its {} MiB", sqlite3_errmsg(connection),
                                        limits_.database_bytes >> 20U));
    case SQLITE_ERROR:
      if (const int offset = sqlite3_error_offset(connection); offset >= 0 && !sql.empty()) {
        return sqlite_failure(fmt::format("{} in {} at offset {}", sqlite3_errmsg(connection), sql, offset));
      }
      break;
    default:
      break;
  }
  return sqlite_failure(sqlite3_errmsg(connection));
}

SqliteResult<Connection::Prepared> Connection::prepare(const std::string& sql) {
  authorizer_.begin_prepare();
  if (auto found = cached_.find(sql); found != cached_.end()) {
    const auto place = found->second;
    cached_.erase(found);
    Prepared prepared = std::move(*place);
    cache_.erase(place);
    return prepared;
  }
  if (sql.size() > limits_.sql_bytes) {
    return sqlite_failure(fmt::format("the statement has more than {} bytes", limits_.sql_bytes));
  }
  if (sql.contains('\0')) {
    return sqlite_failure("the statement has a zero byte in it");
  }
  sqlite3_stmt* compiled = nullptr;
  const char* tail = nullptr;
  const int result = sqlite3_prepare_v3(connection_.get(), sql.c_str(), static_cast<int>(sql.size() + 1),
                                        SQLITE_PREPARE_PERSISTENT, &compiled, &tail);
  Prepared prepared{sql, std::unique_ptr<sqlite3_stmt, Finalize>(compiled)};
  if (result != SQLITE_OK) {
    return failure(sql);
  }
  if (compiled == nullptr) {
    return sqlite_failure("there is no statement");
  }
  if (has_more(tail)) {
    return sqlite_failure("Multiple statements provided: a request takes one");
  }
  return prepared;
}

void Connection::keep(Prepared prepared) {
  // The error it gives was that of its last step.
  sqlite3_reset(prepared.statement.get());
  sqlite3_clear_bindings(prepared.statement.get());
  const int bytes = sqlite3_stmt_status(prepared.statement.get(), SQLITE_STMTSTATUS_MEMUSED, 0);
  if (prepared.sql.size() > longest_cached || bytes > most_bytes_cached) {
    return;
  }
  cache_.push_front(std::move(prepared));
  cached_.emplace(cache_.front().sql, cache_.begin());
  if (cache_.size() > most_cached) {
    cached_.erase(cache_.back().sql);
    cache_.pop_back();
  }
}

SqliteResult<std::optional<std::string>> Connection::step_through(Prepared& prepared, const Parameters& parameters) {
  sqlite3_stmt* statement = prepared.statement.get();
  if (SqliteResult<void> bound = bind(statement, parameters); !bound) {
    return std::unexpected(std::move(bound.error()));
  }
  int result = sqlite3_step(statement);
  if (sqlite3_column_count(statement) == 0) {
    if (result != SQLITE_DONE) {
      return failure({});
    }
    return std::nullopt;
  }
  RowWriter rows(statement, limits_);
  for (; result == SQLITE_ROW; result = sqlite3_step(statement)) {
    if (SqliteResult<void> added = rows.add_row(); !added) {
      return std::unexpected(std::move(added.error()));
    }
  }
  if (result != SQLITE_DONE) {
    return failure({});
  }
  return std::move(rows).take();
}

SqliteResult<std::optional<std::string>> Connection::run(const Statement& statement, bool is_write) {
  const std::string word = first_word(statement.sql);
  const bool is_vacuum = word == "VACUUM";
  SqliteResult<Prepared> prepared = prepare(statement.sql);
  if (!prepared) {
    return std::unexpected(std::move(prepared.error()));
  }
  const bool is_readonly = sqlite3_stmt_readonly(prepared->statement.get()) != 0;
  // The authorizer has judged a PRAGMA; SQLite calls some of those that read no read.
  if (!is_write && !is_readonly && word != "PRAGMA") {
    return not_a_read("it changes the database");
  }
  if (is_write && is_readonly && word == "WITH") {
    return not_a_write("it changes nothing");
  }
  authorizer_.begin_step(is_vacuum);
  sqlite3_limit(connection_.get(), SQLITE_LIMIT_ATTACHED, is_vacuum ? 1 : 0);
  SqliteResult<std::optional<std::string>> rows = step_through(*prepared, statement.parameters);
  keep(std::move(*prepared));
  return rows;
}

template <class Act>
SqliteResult<void> Connection::in_transaction(Act act) {
  SqliteResult<void> done = execute("BEGIN IMMEDIATE");
  if (!done) {
    return done;
  }
  done = act();
  if (done) {
    done = execute("COMMIT");
  }
  // Some errors have ended it already.
  if (!done && sqlite3_get_autocommit(connection_.get()) == 0) {
    authorizer_.suspend(true);
    sqlite3_progress_handler(connection_.get(), 0, nullptr, nullptr);
    sqlite3_exec(connection_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
    sqlite3_progress_handler(connection_.get(), instructions_of_a_look, on_progress, this);
    authorizer_.suspend(false);
  }
  return done;
}

SqliteResult<std::string> Connection::query(const Statement& statement) {
  const Run running(*this, limits_.query_time);
  SqliteResult<std::optional<std::string>> rows = run(statement, false);
  if (!rows) {
    return std::unexpected(std::move(rows.error()));
  }
  return std::move(*rows).value_or("[]");
}

SqliteResult<std::optional<std::string>> Connection::write(const Statement& statement) {
  const Run running(*this, limits_.write_time);
  const std::string word = first_word(statement.sql);
  // These say no to a transaction, or are for the connection.
  if (word == "VACUUM" || word == "PRAGMA") {
    return run(statement, true);
  }
  // What a RETURNING has changed stays when its rows are too many, but for the transaction.
  SqliteResult<std::optional<std::string>> rows;
  SqliteResult<void> done = in_transaction([&]() -> SqliteResult<void> {
    rows = run(statement, true);
    return rows ? SqliteResult<void>() : std::unexpected(rows.error());
  });
  if (!done) {
    return std::unexpected(std::move(done.error()));
  }
  return rows;
}

SqliteResult<void> Connection::write_all(std::span<const Statement> statements) {
  const Run running(*this, limits_.write_time);
  return in_transaction([&]() -> SqliteResult<void> {
    for (const Statement& statement : statements) {
      if (SqliteResult<std::optional<std::string>> done = run(statement, true); !done) {
        return std::unexpected(std::move(done.error()));
      }
    }
    return {};
  });
}

}  // namespace kinode::modules::sqlite
