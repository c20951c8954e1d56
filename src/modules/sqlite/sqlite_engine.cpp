#include "modules/sqlite/sqlite_engine.h"

#include <utility>
#include <vector>

#include "modules/sqlite/statement_text.h"

namespace kinode::modules::sqlite {

using database::Answer;
using database::DatabaseCall;
using database::DatabaseId;
using database::DatabaseResult;
using database::Right;
namespace errors = database::errors;

namespace {

/// Of a file's name, and what SQLite adds to it for its log.
constexpr size_t max_file_name_bytes = 255 - std::string_view(".db-journal").size();

SqliteResult<Parameters> parameters_of(const DatabaseCall& call) {
  return call.blob() ? parse_parameters(call.blob()->bytes.text()) : Parameters{};
}

/// What a statement that waits for its Commit occupies.
size_t bytes_of(const Statement& statement) {
  size_t bytes = sizeof(Statement) + statement.sql.size() + statement.parameters.size() * sizeof(Value);
  for (const Value& value : statement.parameters) {
    if (const auto* text = std::get_if<std::string>(&value)) {
      bytes += text->size();
    } else if (const auto* blob = std::get_if<sqlite::Blob>(&value)) {
      bytes += blob->size();
    }
  }
  return bytes;
}

}  // namespace

/// Used by the work of its process, one piece after another.
class SqliteEngine::QueuedTransaction final : public database::Transaction {
 public:
  QueuedTransaction(SqliteEngine& engine, DatabaseId database) : engine_(engine), database_(std::move(database)) {}

  void add(Statement statement) { statements_.push_back(std::move(statement)); }

  DatabaseResult<void> commit() override {
    DatabaseResult<Lease> database = engine_.acquire(database_);
    if (!database) {
      return std::unexpected(std::move(database.error()));
    }
    DatabaseResult<void> done = (*database)->write_all(statements_);
    engine_.settings_.on_write();
    return done;
  }

 private:
  SqliteEngine& engine_;
  const DatabaseId database_;
  std::vector<Statement> statements_;
};

Result<std::unique_ptr<SqliteEngine>> SqliteEngine::open(const std::filesystem::path& home, const Settings& settings) {
  Result<database::DatabaseFolders> folders = database::DatabaseFolders::open(home / "sqlite", settings.folders);
  if (!folders) {
    return std::unexpected(std::move(folders.error()));
  }
  return std::unique_ptr<SqliteEngine>(new SqliteEngine(std::move(*folders), settings));
}

std::filesystem::path SqliteEngine::file_of(const DatabaseId& database) const {
  return folders_.path_of(database) / (database.name + ".db");
}

DatabaseResult<SqliteEngine::Lease> SqliteEngine::acquire_or_make(const DatabaseId& database) {
  return databases_.acquire(database, [&]() -> DatabaseResult<std::unique_ptr<SqliteDatabase>> {
    if (auto made = folders_.make(database); !made) {
      return std::unexpected(std::move(made.error()));
    }
    return SqliteDatabase::open(file_of(database), settings_.limits, stopping_);
  });
}

DatabaseResult<SqliteEngine::Lease> SqliteEngine::acquire(const DatabaseId& database) {
  return databases_.acquire(database, [&]() -> DatabaseResult<std::unique_ptr<SqliteDatabase>> {
    if (!folders_.exists(database)) {
      return errors::no_database(database);
    }
    return SqliteDatabase::open(file_of(database), settings_.limits, stopping_);
  });
}

DatabaseResult<void> SqliteEngine::open(const DatabaseId& database) {
  if (database.name.size() > max_file_name_bytes) {
    return errors::io_error(fmt::format("the name has more than {} bytes", max_file_name_bytes));
  }
  if (DatabaseResult<Lease> opened = acquire_or_make(database); !opened) {
    return std::unexpected(std::move(opened.error()));
  }
  return {};
}

DatabaseResult<void> SqliteEngine::remove(const DatabaseId& database) {
  return databases_.remove(database, [&] { return folders_.remove(database); });
}

Result<void> SqliteEngine::sync() {
  Result<void> synced = databases_.sync();
  return synced ? synced : std::unexpected(synced.error().at("sqlite"));
}

DatabaseResult<std::shared_ptr<database::Transaction>> SqliteEngine::begin(const DatabaseId& database) {
  if (!folders_.exists(database)) {
    return errors::no_database(database);
  }
  return std::make_shared<QueuedTransaction>(*this, database);
}

DatabaseResult<Answer> SqliteEngine::act(const DatabaseCall& call, const codec::JsonVariant& action) {
  if (action.name() == "Query") {
    Result<std::string> sql = action.payload().string();
    return sql ? query(call, std::move(*sql)) : errors::malformed(sql.error().message);
  }
  if (action.name() == "Write") {
    auto fields = action.payload().fields({"statement", "tx_id"});
    if (!fields) {
      return errors::malformed(fields.error().message);
    }
    auto sql = (*fields)["statement"].string();
    auto transaction = (*fields)["tx_id"].optional(&codec::JsonReader::u64);
    if (auto error = codec::first_error(sql, transaction)) {
      return errors::malformed(error->message);
    }
    return write(call, std::move(*sql), *transaction);
  }
  return errors::malformed(action.unknown().error().message);
}

DatabaseResult<Answer> SqliteEngine::query(const DatabaseCall& call, std::string sql) {
  if (auto allowed = call.check(Right::read); !allowed) {
    return std::unexpected(std::move(allowed.error()));
  }
  SqliteResult<Runs> runs = classify_query(sql);
  if (!runs) {
    return std::unexpected(std::move(runs.error()));
  }
  if (*runs == Runs::on_writer) {
    if (auto allowed = call.check(Right::write); !allowed) {
      return std::unexpected(std::move(allowed.error()));
    }
  }
  SqliteResult<Parameters> parameters = parameters_of(call);
  if (!parameters) {
    return std::unexpected(std::move(parameters.error()));
  }
  DatabaseResult<Lease> database = acquire(call.database());
  if (!database) {
    return std::unexpected(std::move(database.error()));
  }
  const Statement statement{std::move(sql), std::move(*parameters)};
  SqliteResult<std::optional<std::string>> rows =
      *runs == Runs::on_writer ? (*database)->write(statement) : (*database)->query(statement);
  // Also of what another has written and its answer does not stand for yet.
  if ((*database)->is_dirty()) {
    settings_.on_write();
  }
  if (!rows) {
    return std::unexpected(std::move(rows.error()));
  }
  return Answer{"\"Read\"", Bytes::from(std::move(*rows).value_or("[]"))};
}

DatabaseResult<Answer> SqliteEngine::write(const DatabaseCall& call, std::string sql,
                                           std::optional<uint64_t> transaction) {
  if (auto allowed = call.check(Right::write); !allowed) {
    return std::unexpected(std::move(allowed.error()));
  }
  if (auto allowed = check_write(sql); !allowed) {
    return std::unexpected(std::move(allowed.error()));
  }
  SqliteResult<Parameters> parameters = parameters_of(call);
  if (!parameters) {
    return std::unexpected(std::move(parameters.error()));
  }
  Statement statement{std::move(sql), std::move(*parameters)};
  if (transaction) {
    auto found = call.growing_transaction(*transaction, bytes_of(statement));
    if (!found) {
      return std::unexpected(std::move(found.error()));
    }
    static_cast<QueuedTransaction&>(**found).add(std::move(statement));
    return Answer{};
  }
  DatabaseResult<Lease> database = acquire(call.database());
  if (!database) {
    return std::unexpected(std::move(database.error()));
  }
  SqliteResult<std::optional<std::string>> rows = (*database)->write(statement);
  settings_.on_write();
  if (!rows) {
    return std::unexpected(std::move(rows.error()));
  }
  Answer answer;
  if (*rows) {
    answer.blob = Bytes::from(std::move(**rows));
  }
  return answer;
}

}  // namespace kinode::modules::sqlite
