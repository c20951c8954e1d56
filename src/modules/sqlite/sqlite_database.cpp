#include "modules/sqlite/sqlite_database.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/file.h"

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
  writes_ = true;
  SqliteResult<std::optional<std::string>> rows = writer_->write(statement);
  dirty_ = true;
  writes_ = false;
  return rows;
}

SqliteResult<void> SqliteDatabase::write_all(std::span<const Statement> statements) {
  std::lock_guard lock(writing_);
  writes_ = true;
  SqliteResult<void> done = writer_->write_all(statements);
  dirty_ = true;
  writes_ = false;
  return done;
}

Result<void> SqliteDatabase::sync() {
  if (lost_) {
    return std::unexpected(*lost_);
  }
  dirty_ = false;  // first, so that a write during the sync is not missed
  const std::string log = file_.string() + "-wal";
  // SQLite has no call for this that does not wait for who writes. Its locks are not on this file, so that closing it
  // lets go of none.
  const int opened = ::open(log.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (opened < 0) {
    if (errno == ENOENT) {
      return {};
    }
    dirty_ = true;
    return fail("{}: {}", log, std::strerror(errno));
  }
  const int result = ::fdatasync(opened);
  const int error = errno;
  ::close(opened);
  if (result != 0) {
    dirty_ = true;
    lost_ = lost_writes(log, std::strerror(error));
    return std::unexpected(*lost_);
  }
  return {};
}

}  // namespace kinode::modules::sqlite
