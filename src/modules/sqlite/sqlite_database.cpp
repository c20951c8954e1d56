#include "modules/sqlite/sqlite_database.h"

#include <utility>

namespace kinode::modules::sqlite {

SqliteResult<std::unique_ptr<SqliteDatabase>> SqliteDatabase::open(std::filesystem::path file, const Limits& limits,
                                                                   const std::atomic<bool>& stopping) {
  SqliteResult<std::unique_ptr<Connection>> writer = Connection::open(file, Connection::Role::writer, limits, stopping);
  if (!writer) {
    return std::unexpected(std::move(writer.error()));
  }
  return std::unique_ptr<SqliteDatabase>(new SqliteDatabase(std::move(file), limits, stopping, std::move(*writer)));
}

SqliteResult<std::unique_ptr<Connection>> SqliteDatabase::take_reader() {
  {
    std::lock_guard lock(readers_mutex_);
    if (!idle_readers_.empty()) {
      std::unique_ptr<Connection> reader = std::move(idle_readers_.back());
      idle_readers_.pop_back();
      return reader;
    }
  }
  return Connection::open(file_, Connection::Role::reader, limits_, stopping_);
}

void SqliteDatabase::give_back(std::unique_ptr<Connection> reader) {
  std::lock_guard lock(readers_mutex_);
  if (idle_readers_.size() < most_idle_readers) {
    idle_readers_.push_back(std::move(reader));
  }
}

SqliteResult<std::string> SqliteDatabase::query(const Statement& statement) {
  SqliteResult<std::unique_ptr<Connection>> reader = take_reader();
  if (!reader) {
    return std::unexpected(std::move(reader.error()));
  }
  SqliteResult<std::string> rows = (*reader)->query(statement);
  give_back(std::move(*reader));
  return rows;
}

SqliteResult<std::optional<std::string>> SqliteDatabase::write(const Statement& statement) {
  std::lock_guard lock(writing_);
  return writer_->write(statement);
}

SqliteResult<void> SqliteDatabase::write_all(std::span<const Statement> statements) {
  std::lock_guard lock(writing_);
  return writer_->write_all(statements);
}

}  // namespace kinode::modules::sqlite
