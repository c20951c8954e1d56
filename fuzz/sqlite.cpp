// sqlite:distro:sys by hostile SQL: each line of the input is a statement, what follows it stands for its parameters.
//
// A Query changes no byte of the database. Neither Query nor Write reaches what lies beside it, and the database stays
// sound.
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "base/check.h"
#include "codec/json.h"
#include "kernel/testing/temp_folder.h"
#include "modules/sqlite/connection.h"
#include "modules/sqlite/statement_text.h"

using namespace kinode;
using namespace kinode::modules::sqlite;
namespace fs = std::filesystem;

namespace {

constexpr std::string_view secret = "what no statement may read";
constexpr int most_statements = 16;

std::string content_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

Limits small_limits() {
  return {.query_time = std::chrono::milliseconds(300),
          .write_time = std::chrono::milliseconds(300),
          .statement_memory = size_t{16} << 20U,
          .value_bytes = size_t{1} << 20U,
          .sql_bytes = size_t{64} << 10U,
          .answer_rows = 1'000,
          .answer_bytes = size_t{1} << 20U,
          .database_bytes = size_t{8} << 20U};
}

/// A database, and beside its folder what must stay as it is. Made anew for each input.
class Host {
 public:
  Host() {
    fs::create_directories(folder_.path() / "databases");
    std::ofstream(folder_.path() / "secret") << secret;
    writer_ = open(Connection::Role::writer);
    for (const char* sql :
         {"CREATE TABLE t (id INTEGER PRIMARY KEY, x TEXT UNIQUE, y BLOB)",
          "INSERT INTO t (x, y) VALUES ('one', x'00'), ('two', NULL), ('main', x'ffff')",
          "CREATE VIEW v AS SELECT x FROM t", "CREATE VIRTUAL TABLE f USING fts5(x)", "INSERT INTO f SELECT x FROM t",
          "CREATE TRIGGER r AFTER DELETE ON t BEGIN DELETE FROM f WHERE rowid = old.id; END"}) {
      KINODE_CHECK(writer_->write({sql, {}}).has_value(), "{}", sql);
    }
    reader_ = open(Connection::Role::reader);
  }

  void query(const Statement& statement) {
    if (classify_query(statement.sql) != Runs::on_reader) {
      return;
    }
    const std::string before = bytes();
    check(reader_->query(statement));
    KINODE_CHECK(bytes() == before, "changed by the Query {}", statement.sql);
  }

  void write(const Statement& statement) {
    if (!check_write(statement.sql)) {
      return;
    }
    SqliteResult<std::optional<std::string>> rows = writer_->write(statement);
    check(rows ? SqliteResult<std::string>(std::move(*rows).value_or("[]")) : std::unexpected(rows.error()));
  }

  void check_all() {
    KINODE_CHECK(content_of(folder_.path() / "secret") == secret);
    std::set<std::string> names;
    for (const auto& entry : fs::recursive_directory_iterator(folder_.path())) {
      names.insert(entry.path().filename().string());
    }
    KINODE_CHECK((names == std::set<std::string>{"databases", "secret", "x.db", "x.db-shm", "x.db-wal"}), "{} files",
                 names.size());
    auto sound = reader_->query({"PRAGMA integrity_check", {}});
    KINODE_CHECK(sound.has_value(), "{}", sound.error().body());
    // Of constraints that came later than the rows it may have to say something, of pages and indexes not.
    for (const std::string_view damage :
         {"malformed", "Tree ", "Page ", "page ", "wrong # of entries", "missing from"}) {
      KINODE_CHECK(!sound->contains(damage), "{}", *sound);
    }
  }

 private:
  std::unique_ptr<Connection> open(Connection::Role role) {
    return Connection::open(folder_.path() / "databases/x.db", role, limits_, stopping_).value();
  }
  [[nodiscard]] std::string bytes() const {
    return content_of(folder_.path() / "databases/x.db") + content_of(folder_.path() / "databases/x.db-wal");
  }
  static void check(const SqliteResult<std::string>& rows) {
    const std::string text = rows ? *rows : rows.error().body();
    KINODE_CHECK(codec::parse_json(text).has_value(), "{}", text);
    KINODE_CHECK(!text.contains(secret));
  }

  kernel::testing::TempFolder folder_;
  const Limits limits_ = small_limits();
  const std::atomic<bool> stopping_ = false;
  std::unique_ptr<Connection> writer_;
  std::unique_ptr<Connection> reader_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  Host host;
  for (int i = 0; i < most_statements && !rest.empty(); ++i) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    SqliteResult<Parameters> parameters = parse_parameters(rest);
    const Statement statement{std::string(line), std::move(parameters).value_or(Parameters{})};
    host.query(statement);
    host.write(statement);
  }
  host.check_all();
  return 0;
}
