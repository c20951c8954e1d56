// SQLite alone, its statements kept prepared as the node keeps them; the orders of bench/guests/driver/stores.cpp that
// begin with `sqlite`.

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

#include "storage.h"

namespace bench {
namespace {

struct Close {
  void operator()(sqlite3* database) const { sqlite3_close(database); }
};
struct Finalize {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Database = std::unique_ptr<sqlite3, Close>;
using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

void flush(const std::filesystem::path& file) {
  const int opened = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  const bool flushed = opened >= 0 && ::fdatasync(opened) == 0;
  const int error = errno;
  if (opened >= 0) ::close(opened);
  if (!flushed) throw std::system_error(error, std::generic_category(), file.string());
}

class Sqlite final : public Storage {
 public:
  explicit Sqlite(std::filesystem::path folder) : folder_(std::move(folder)) {}

  bool carry_out(const Order& order) override {
    if (order.name == "sqlite-fill") {
      fill(order.count, order.size);
    } else if (order.name == "sqlite-insert") {
      insert(order.count, order.size);
    } else if (order.name == "sqlite-select") {
      select(order.count, order.size);
    } else if (order.name == "sqlite-remove") {
      database_.reset();
      std::filesystem::remove_all(folder_);
    } else {
      return false;
    }
    return true;
  }

 private:
  void need(int result, int wanted) const {
    if (result != wanted) throw std::runtime_error(sqlite3_errmsg(database_.get()));
  }

  [[nodiscard]] Statement prepare(const char* sql) const {
    if (!database_) throw std::runtime_error("there is no database: sqlite-fill comes first");
    sqlite3_stmt* prepared = nullptr;
    need(sqlite3_prepare_v2(database_.get(), sql, -1, &prepared, nullptr), SQLITE_OK);
    return Statement(prepared);
  }

  void execute(const char* sql) const {
    need(sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr), SQLITE_OK);
  }

  void insert_text(sqlite3_stmt* statement, const std::string& text) const {
    need(sqlite3_bind_text(statement, 1, text.data(), static_cast<int>(text.size()), SQLITE_STATIC), SQLITE_OK);
    need(sqlite3_step(statement), SQLITE_DONE);
    need(sqlite3_reset(statement), SQLITE_OK);
  }

  void fill(uint64_t count, uint64_t size) {
    std::filesystem::create_directory(folder_);
    sqlite3* opened = nullptr;
    const int result = sqlite3_open(file().c_str(), &opened);
    database_.reset(opened);
    need(result, SQLITE_OK);
    execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
    execute("CREATE TABLE rows (number INTEGER PRIMARY KEY, text TEXT); BEGIN");
    const Statement statement = prepare("INSERT INTO rows (text) VALUES (?)");
    const std::string text(size, 'x');
    for (uint64_t i = 0; i < count; ++i) insert_text(statement.get(), text);
    execute("COMMIT");
    entries_ = count;
  }

  /// Each is a transaction; the log is flushed once, at the end.
  void insert(uint64_t count, uint64_t size) const {
    const Statement statement = prepare("INSERT INTO rows (text) VALUES (?)");
    const std::string text(size, 'y');
    for (uint64_t i = 0; i < count; ++i) insert_text(statement.get(), text);
    flush(file().string() + "-wal");
  }

  void select(uint64_t count, uint64_t size) const {
    const Statement statement = prepare("SELECT text FROM rows WHERE number = ?");
    for (uint64_t i = 0; i < count; ++i) {
      need(sqlite3_bind_int64(statement.get(), 1, static_cast<int64_t>(i * step % entries_ + 1)), SQLITE_OK);
      need(sqlite3_step(statement.get()), SQLITE_ROW);
      if (static_cast<uint64_t>(sqlite3_column_bytes(statement.get(), 0)) != size) {
        throw std::runtime_error("a row is not as it was written");
      }
      need(sqlite3_reset(statement.get()), SQLITE_OK);
    }
  }

  [[nodiscard]] std::filesystem::path file() const { return folder_ / "bench.db"; }

  const std::filesystem::path folder_;
  Database database_;
  uint64_t entries_ = 0;
};

}  // namespace

std::unique_ptr<Storage> sqlite_alone(const std::filesystem::path& folder) {
  return std::make_unique<Sqlite>(folder / "sqlite");
}

}  // namespace bench
