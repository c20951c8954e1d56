// Statements as strangers give them, on real files.
#include "modules/sqlite/connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include <fstream>

#include "kernel/testing/temp_folder.h"

namespace kinode::modules::sqlite {
namespace {

using ::testing::HasSubstr;

class ConnectionTest : public ::testing::Test {
 protected:
  // Not what ends a statement here, where a case does not say so.
  ConnectionTest() {
    limits_.query_time = std::chrono::seconds(30);
    limits_.write_time = std::chrono::seconds(30);
  }

  Connection& writer() {
    if (!writer_) {
      writer_ = open(Connection::Role::writer);
    }
    return *writer_;
  }
  Connection& reader() {
    writer();
    if (!reader_) {
      reader_ = open(Connection::Role::reader);
    }
    return *reader_;
  }
  std::unique_ptr<Connection> open(Connection::Role role) {
    auto opened = Connection::open(file_, role, limits_, stopping_);
    EXPECT_TRUE(opened) << opened.error().body();
    return std::move(*opened);
  }

  /// The rows, "ok" where there are none, or the error as it is answered.
  std::string write(const std::string& sql, Parameters parameters = {}) {
    auto done = writer().write({sql, std::move(parameters)});
    return done ? done->value_or("ok") : done.error().body();
  }
  std::string query(const std::string& sql, Parameters parameters = {}) {
    auto rows = reader().query({sql, std::move(parameters)});
    return rows ? *rows : rows.error().body();
  }
  /// Whether both refuse it as not authorized.
  void expect_refused(const std::string& sql, std::string_view why) {
    EXPECT_THAT(write(sql), HasSubstr(why)) << sql;
    EXPECT_THAT(write(sql), HasSubstr("RusqliteError")) << sql;
    EXPECT_THAT(query(sql), ::testing::StartsWith(R"({"Err":)")) << sql;
  }
  size_t files() const {
    return std::distance(std::filesystem::directory_iterator(folder_.path()), std::filesystem::directory_iterator());
  }

  kernel::testing::TempFolder folder_;
  std::filesystem::path file_ = folder_.path() / "x.db";
  Limits limits_;
  std::atomic<bool> stopping_ = false;
  std::unique_ptr<Connection> writer_;
  std::unique_ptr<Connection> reader_;
};

TEST_F(ConnectionTest, WhatIsWrittenIsRead) {
  EXPECT_EQ(write("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, size REAL, data BLOB)"), "ok");
  EXPECT_EQ(write("INSERT INTO t VALUES (?, ?, ?, ?)", {int64_t{1}, "one", 1.0, Blob{0, 255}}), "ok");
  EXPECT_EQ(write("INSERT INTO t VALUES (2, NULL, 2.5, '')"), "ok");
  EXPECT_EQ(query("SELECT * FROM t ORDER BY id"),
            R"([{"id":1,"name":"one","size":1.0,"data":"AP8="},{"id":2,"name":null,"size":2.5,"data":""}])");
  EXPECT_EQ(query("SELECT * FROM t WHERE id = ?", {int64_t{3}}), "[]");
  EXPECT_EQ(query("-- all\n/* of */ SELECT(1) AS a"), R"([{"a":1}])");
}

TEST_F(ConnectionTest, OfColumnsWithOneNameTheLastCounts) {
  EXPECT_EQ(query("SELECT 1 AS a, 2 AS b, 3 AS a"), R"([{"b":2,"a":3}])");
}

TEST_F(ConnectionTest, Q1_AnInfiniteRealIsNull) {
  EXPECT_EQ(query("SELECT 9e999 AS a, -9e999 AS b, 1e300 AS c"), R"([{"a":null,"b":null,"c":1e+300}])");
}

TEST_F(ConnectionTest, TextThatIsNotUtf8IsAnErrorThatSaysWhere) {
  EXPECT_THAT(query("SELECT CAST(x'ff' AS TEXT) AS bad"), HasSubstr("column bad is not UTF-8"));
  EXPECT_EQ(query("SELECT CAST(CAST(x'ff' AS TEXT) AS BLOB) AS good"), R"([{"good":"/w=="}])");
}

TEST_F(ConnectionTest, ReturningGivesRows) {
  write("CREATE TABLE t (id INTEGER PRIMARY KEY, x)");
  EXPECT_EQ(write("INSERT INTO t (x) VALUES ('a'), ('b') RETURNING id, x"), R"([{"id":1,"x":"a"},{"id":2,"x":"b"}])");
  EXPECT_EQ(write("DELETE FROM t WHERE id = 7 RETURNING id"), "[]");
}

TEST_F(ConnectionTest, ReturningMoreThanAnAnswerTakesChangesNothing) {
  limits_.answer_rows = 2;
  write("CREATE TABLE t (x)");
  EXPECT_THAT(write("INSERT INTO t VALUES (1), (2), (3) RETURNING x"), HasSubstr("more than 2 rows"));
  EXPECT_EQ(query("SELECT count(*) AS n FROM t"), R"([{"n":0}])");
  EXPECT_EQ(write("INSERT INTO t VALUES (1), (2) RETURNING x"), R"([{"x":1},{"x":2}])");
}

TEST_F(ConnectionTest, TheNumberOfParametersMustFit) {
  EXPECT_EQ(query("SELECT ?", {}),
            R"({"Err":{"RusqliteError":"Wrong number of parameters passed to query. Got 0, needed 1"}})");
  EXPECT_EQ(query("SELECT ? AS a", {"x"}), R"([{"a":"x"}])") << "after a failure the same statement";
}

TEST_F(ConnectionTest, ErrorsOfSqlSayWhere) {
  EXPECT_EQ(query("SELECT x FROM nowhere"), R"({"Err":{"RusqliteError":"no such table: nowhere"}})");
  EXPECT_EQ(query("SELECT FROM"),
            R"({"Err":{"RusqliteError":"near \"FROM\": syntax error in SELECT FROM at offset 7"}})");
}

TEST_F(ConnectionTest, OneStatementARequest) {
  write("CREATE TABLE t (x)");
  EXPECT_THAT(write("INSERT INTO t VALUES (1); DELETE FROM t"), HasSubstr("Multiple statements"));
  EXPECT_THAT(query("SELECT 1; SELECT 2"), HasSubstr("Multiple statements"));
  EXPECT_EQ(query("SELECT count(*) AS n FROM t"), R"([{"n":0}])");
  EXPECT_EQ(write("INSERT INTO t VALUES (1); -- that is all\n ; "), "ok");
  EXPECT_THAT(write("  -- nothing"), HasSubstr("there is no statement"));
}

TEST_F(ConnectionTest, ForeignKeysAreKeptAsByTheFirstClient) {
  write("CREATE TABLE a (id INTEGER PRIMARY KEY)");
  write("CREATE TABLE b (a REFERENCES a (id))");
  EXPECT_THAT(write("INSERT INTO b VALUES (1)"), HasSubstr("FOREIGN KEY constraint failed"));
  EXPECT_EQ(write("PRAGMA foreign_keys = OFF"), "ok");
  EXPECT_EQ(write("INSERT INTO b VALUES (1)"), "ok");
  EXPECT_EQ(write("PRAGMA foreign_keys"), R"([{"foreign_keys":0}])");
}

TEST_F(ConnectionTest, TheUsualSchemaStatementsWork) {
  for (const char* sql :
       {"CREATE TABLE notes (id INTEGER PRIMARY KEY, title TEXT UNIQUE, body TEXT)",
        "CREATE INDEX by_body ON notes (body)",
        "CREATE VIEW titles AS SELECT title FROM notes",
        "CREATE VIRTUAL TABLE search USING fts5(title, body, content='notes', content_rowid='id')",
        "CREATE TRIGGER noted AFTER INSERT ON notes BEGIN INSERT INTO search (rowid, title, body) VALUES (new.id, "
        "new.title, new.body); END",
        "INSERT INTO notes (title, body) VALUES ('first', 'the quick brown fox')",
        "WITH x (a) AS (VALUES ('second')) INSERT INTO notes (title, body) SELECT a, 'jumps' FROM x",
        "REPLACE INTO notes VALUES (2, 'second', 'over')",
        "UPDATE notes SET body = 'lazy dog' WHERE id = 2",
        "CREATE VIRTUAL TABLE old_search USING fts4(body)",
        "INSERT INTO old_search VALUES ('some words')",
        "INSERT INTO old_search (old_search) VALUES ('optimize')",
        "INSERT INTO old_search (old_search) VALUES ('rebuild')",
        "INSERT INTO search (search) VALUES ('rebuild')",
        "CREATE VIRTUAL TABLE boxes USING rtree(id, x0, x1)",
        "INSERT INTO boxes VALUES (1, 0, 10)",
        "ALTER TABLE notes ADD COLUMN mark",
        "ALTER TABLE notes RENAME TO pages",
        "ALTER TABLE pages DROP COLUMN mark",
        "ANALYZE",
        "REINDEX",
        "VACUUM",
        "DROP TABLE boxes",
        "DROP VIEW titles",
        "CREATE TABLE copy AS SELECT * FROM pages",
        "PRAGMA user_version = 3"}) {
    EXPECT_EQ(write(sql), "ok") << sql;
  }
  EXPECT_EQ(query("SELECT rowid FROM search WHERE search MATCH 'quick'"), R"([{"rowid":1}])");
  EXPECT_EQ(query("SELECT count(*) AS n FROM old_search WHERE old_search MATCH 'words'"), R"([{"n":1}])");
  EXPECT_EQ(query("PRAGMA user_version"), R"([{"user_version":3}])");
  EXPECT_EQ(query("SELECT count(*) AS n FROM copy"), R"([{"n":2}])");
  EXPECT_EQ(query("PRAGMA integrity_check"), R"([{"integrity_check":"ok"}])");
}

TEST_F(ConnectionTest, ProgramsMayAskForWhatIsSoAnyway) {
  EXPECT_EQ(query("PRAGMA journal_mode = WAL"), "[]");
  EXPECT_EQ(write("PRAGMA synchronous = OFF"), "ok");
  EXPECT_EQ(query("PRAGMA journal_mode"), R"([{"journal_mode":"wal"}])");
  EXPECT_EQ(write("PRAGMA synchronous"), R"([{"synchronous":1}])");
  EXPECT_EQ(query("SELECT name FROM pragma_table_list WHERE name = 'none'"), "[]");
}

// ---- what a Query may not do -----------------------------------------------------------------------

TEST_F(ConnectionTest, S15_AQueryChangesNothing) {
  write("CREATE TABLE t (x)");
  write("INSERT INTO t VALUES (1)");
  for (const char* sql : {"WITH a AS (SELECT 1) DELETE FROM t", "WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a",
                          "WITH a AS (SELECT 1) UPDATE t SET x = 2", "EXPLAIN DELETE FROM t", "PRAGMA user_version = 1",
                          "PRAGMA foreign_keys = OFF", "ANALYZE", "INSERT INTO t VALUES (2) RETURNING x", "VACUUM"}) {
    EXPECT_EQ(query(sql), R"({"Err":"NotAReadKeyword"})") << sql;
  }
  EXPECT_EQ(query("SELECT * FROM t"), R"([{"x":1}])");
}

TEST_F(ConnectionTest, S15_AQueryChangesNoSchema) {
  write("CREATE TABLE t (x)");
  EXPECT_THAT(query("WITH a AS (SELECT 1) UPDATE sqlite_master SET sql = 'x'"), HasSubstr("may not be modified"));
  EXPECT_EQ(query("WITH a AS (SELECT 1) UPDATE sqlite_sequence SET seq = 0"),
            R"({"Err":{"RusqliteError":"no such table: sqlite_sequence"}})");
}

TEST_F(ConnectionTest, AReadIsNoWrite) {
  EXPECT_EQ(write("WITH a AS (SELECT 1) SELECT * FROM a"), R"({"Err":"NotAWriteKeyword"})");
}

// ---- what neither may do ---------------------------------------------------------------------------

TEST_F(ConnectionTest, S15_OtherFilesAreOutOfReach) {
  const std::string outside = (folder_.path() / "outside.db").string();
  expect_refused("ATTACH '" + outside + "' AS other", "not authorized");
  expect_refused("ATTACH ':memory:' AS other", "not authorized");
  expect_refused("ATTACH '' AS other", "not authorized");
  expect_refused("DETACH main", "not authorized");
  EXPECT_THAT(write("VACUUM INTO '" + outside + "'"), HasSubstr("not authorized"));
  EXPECT_THAT(write("VACUUM main INTO '" + outside + "'"), HasSubstr("not authorized"));
  EXPECT_EQ(write("VACUUM"), "ok");
  EXPECT_FALSE(std::filesystem::exists(outside));
  EXPECT_EQ(files(), 3U) << "the database, its log and its index";
}

TEST_F(ConnectionTest, ExtensionsAreNotLoaded) {
  EXPECT_THAT(query("SELECT load_extension('/tmp/evil.so')"), HasSubstr("not authorized"));
  EXPECT_THAT(query("SELECT LOAD_EXTENSION('/tmp/evil.so', 'x')"), HasSubstr("not authorized"));
  write("CREATE TABLE t (x)");
  EXPECT_THAT(write("INSERT INTO t SELECT load_extension('/tmp/evil.so')"), HasSubstr("not authorized"));
  EXPECT_EQ(write("CREATE VIEW v AS SELECT load_extension('/tmp/evil.so') AS x"), "ok");
  EXPECT_THAT(query("SELECT * FROM v"), HasSubstr("Err"));
}

TEST_F(ConnectionTest, TheShellsFunctionsForFilesAreNotThere) {
  for (const char* sql : {"SELECT readfile('/etc/passwd')", "SELECT writefile('/tmp/x', 'y')", "SELECT edit('x')",
                          "SELECT * FROM fsdir('/')", "SELECT * FROM zipfile('/tmp/x.zip')"}) {
    EXPECT_THAT(query(sql), HasSubstr("no such")) << sql;
  }
  for (const char* module : {"csv(filename='/etc/passwd')", "zipfile('/tmp/x.zip')", "dbstat", "sqlite_dbpage"}) {
    EXPECT_THAT(write(std::string("CREATE VIRTUAL TABLE v USING ") + module), HasSubstr("not authorized")) << module;
  }
}

TEST_F(ConnectionTest, AddressesOfMemoryAreNotTaken) {
  EXPECT_THAT(query("SELECT fts3_tokenizer('simple')"), HasSubstr("not authorized"));
  EXPECT_THAT(query("SELECT hex(fts3_tokenizer('simple', x'4141414141414141'))"), HasSubstr("not authorized"));
}

TEST_F(ConnectionTest, TheSchemaIsNotWrittenByHand) {
  write("CREATE TABLE t (x)");
  expect_refused("PRAGMA writable_schema = ON", "not authorized");
  expect_refused("PRAGMA writable_schema = RESET", "not authorized");
  expect_refused("PRAGMA schema_version = 7", "not authorized");
  EXPECT_THAT(write("UPDATE sqlite_schema SET sql = 'x'"), HasSubstr("may not be modified"));
  EXPECT_THAT(write("INSERT INTO sqlite_master VALUES (1, 2, 3, 4, 5)"), HasSubstr("may not be modified"));
  EXPECT_THAT(write("DROP TABLE sqlite_schema"), HasSubstr("may not be dropped"));
  write("CREATE VIRTUAL TABLE f USING fts5(x)");
  EXPECT_THAT(write("DELETE FROM f_data"), HasSubstr("may not be modified")) << "a search table's own tables";
}

TEST_F(ConnectionTest, PragmasThatHarmAreRefused) {
  for (const char* sql :
       {"PRAGMA database_list", "PRAGMA temp_store_directory = '/tmp'", "PRAGMA data_store_directory = '/tmp'",
        "PRAGMA lock_proxy_file = '/tmp/x'", "PRAGMA trusted_schema = ON", "PRAGMA hard_heap_limit = 1",
        "PRAGMA soft_heap_limit = 1", "PRAGMA ignore_check_constraints = ON", "PRAGMA legacy_alter_table = ON",
        "PRAGMA threads = 8", "PRAGMA vdbe_debug = ON", "PRAGMA made_up", "PRAGMA main.writable_schema = 1"}) {
    expect_refused(sql, "not authorized");
  }
  EXPECT_THAT(query("SELECT * FROM pragma_database_list"), HasSubstr("not authorized"));
}

TEST_F(ConnectionTest, ThePragmasOfDurabilityHaveNoEffect) {
  for (const char* sql :
       {"PRAGMA journal_mode = OFF", "PRAGMA journal_mode(MEMORY)", "PRAGMA journal_mode = DELETE",
        "PRAGMA synchronous = OFF", "PRAGMA locking_mode = EXCLUSIVE", "PRAGMA mmap_size = 1000000",
        "PRAGMA max_page_count = 4000000000", "PRAGMA temp_store = FILE", "PRAGMA wal_autocheckpoint = 0",
        "PRAGMA query_only = OFF", "PRAGMA journal_size_limit = -1"}) {
    EXPECT_EQ(write(sql), "ok") << sql;
    EXPECT_EQ(query(sql), "[]") << sql;
  }
  EXPECT_EQ(write("PRAGMA journal_mode"), R"([{"journal_mode":"wal"}])");
  EXPECT_EQ(write("PRAGMA synchronous"), R"([{"synchronous":1}])");
  EXPECT_EQ(write("PRAGMA locking_mode"), R"([{"locking_mode":"normal"}])");
}

TEST_F(ConnectionTest, TransactionsBySqlAreRefused) {
  for (const char* sql : {"BEGIN", "BEGIN IMMEDIATE", "COMMIT", "END", "ROLLBACK", "SAVEPOINT a", "RELEASE a"}) {
    expect_refused(sql, "BeginTx");
  }
}

TEST_F(ConnectionTest, TemporaryTablesAreRefused) {
  for (const char* sql : {"CREATE TEMP TABLE t (x)", "CREATE TABLE temp.t (x)", "CREATE TEMP VIEW v AS SELECT 1"}) {
    EXPECT_THAT(write(sql), HasSubstr("temporary")) << sql;
  }
}

TEST_F(ConnectionTest, OthersStatementsAreNotShown) {
  query("SELECT 'secret of another'");
  EXPECT_THAT(query("SELECT sql FROM sqlite_stmt"), HasSubstr("not authorized"));
}

// ---- what takes too much ---------------------------------------------------------------------------

TEST_F(ConnectionTest, ARecursionWithoutEndIsInterrupted) {
  limits_.query_time = std::chrono::milliseconds(50);
  EXPECT_THAT(query("WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c"),
              HasSubstr("took more than 0.05 s"));
  EXPECT_EQ(query("SELECT 1 AS a"), R"([{"a":1}])") << "the connection goes on";
}

TEST_F(ConnectionTest, AWriteThatTakesTooLongChangesNothing) {
  limits_.write_time = std::chrono::milliseconds(50);
  write("CREATE TABLE t (x)");
  EXPECT_THAT(write("INSERT INTO t WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c"),
              HasSubstr("took more than 0.05 s"));
  EXPECT_EQ(query("SELECT count(*) AS n FROM t"), R"([{"n":0}])");
}

TEST_F(ConnectionTest, AStoppingNodeWaitsForNoStatement) {
  reader();
  stopping_ = true;
  EXPECT_THAT(query("WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c"),
              HasSubstr("the node stops"));
}

TEST_F(ConnectionTest, AStatementTakesNoMoreMemoryThanItMay) {
  limits_.statement_memory = size_t{8} << 20U;
  const std::string hoard =
      "WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 1000) SELECT x, randomblob(100000) AS b "
      "FROM "
      "c ORDER BY b";
  EXPECT_THAT(query(hoard), HasSubstr("a statement may take 8 MiB"));
  EXPECT_EQ(query("SELECT 1 AS a"), R"([{"a":1}])");
}

TEST_F(ConnectionTest, ValuesOfAnySizeAreNotMade) {
  limits_.value_bytes = size_t{1} << 20U;
  for (const char* sql : {"SELECT zeroblob(1000000000)", "SELECT randomblob(2000000000)",
                          "SELECT replace(hex(zeroblob(500000)), '0', 'aaaaaaaaaa')"}) {
    EXPECT_THAT(query(sql), HasSubstr("too big")) << sql;
  }
}

TEST_F(ConnectionTest, AnAnswerIsBounded) {
  limits_.answer_rows = 100;
  limits_.answer_bytes = 1'000'000;
  EXPECT_THAT(query("WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c"),
              HasSubstr("more than 100 rows"));
  EXPECT_THAT(query("SELECT zeroblob(1000000)"), HasSubstr("more than 1000000 bytes"));
}

TEST_F(ConnectionTest, ADatabaseIsBounded) {
  limits_.database_bytes = 1'000'000;
  write("CREATE TABLE t (x)");
  EXPECT_THAT(write("INSERT INTO t VALUES (zeroblob(2000000))"), HasSubstr("database or disk is full"));
  EXPECT_EQ(write("INSERT INTO t VALUES (1)"), "ok");
  EXPECT_EQ(query("SELECT * FROM t"), R"([{"x":1}])");
}

TEST_F(ConnectionTest, ViewsUponViewsEndInAnError) {
  write("CREATE VIEW v0 AS SELECT 1 AS x");
  for (int i = 1; i <= 40; ++i) {
    write(fmt::format("CREATE VIEW v{} AS SELECT a.x FROM v{} AS a, v{} AS b", i, i - 1, i - 1));
  }
  EXPECT_THAT(query("SELECT * FROM v40"), HasSubstr("Err"));
}

TEST_F(ConnectionTest, LargeStatementsAreNotKept) {
  std::string columns = "x";
  for (int i = 0; i < 100; ++i) {
    columns += fmt::format(", x + {}", i);
  }
  write("CREATE TABLE t (x)");
  write(fmt::format("CREATE VIEW v0 AS SELECT {} FROM t", columns));
  for (int i = 1; i <= 8; ++i) {
    write(fmt::format("CREATE VIEW v{} AS SELECT * FROM v{} UNION ALL SELECT * FROM v{}", i, i - 1, i - 1));
  }
  EXPECT_EQ(query("SELECT * FROM v8"), "[]");
  const size_t before = mallinfo2().uordblks;
  for (int i = 0; i < 32; ++i) {
    EXPECT_EQ(query(fmt::format("SELECT * FROM v8 WHERE x > {}", i)), "[]");
  }
  const size_t after = mallinfo2().uordblks;  // with the sanitizers it counts nothing
  EXPECT_LT(after, before + (size_t{5} << 20U));
}

TEST_F(ConnectionTest, ADeepOrLongStatementIsAnError) {
  limits_.sql_bytes = 10'000;
  EXPECT_THAT(query("SELECT " + std::string(2'000, '(') + "1" + std::string(2'000, ')')), HasSubstr("Err"));
  EXPECT_THAT(query("SELECT 1 -- " + std::string(10'000, 'x')), HasSubstr("more than 10000 bytes"));
}

// ---- transactions ----------------------------------------------------------------------------------

TEST_F(ConnectionTest, AllStatementsOrNone) {
  write("CREATE TABLE t (x UNIQUE)");
  const std::vector<Statement> good = {{"INSERT INTO t VALUES (?)", {int64_t{1}}}, {"INSERT INTO t VALUES (2)", {}}};
  EXPECT_TRUE(writer().write_all(good));
  for (const char* wrong : {"INSERT INTO t VALUES (1)", "INSERT OR ROLLBACK INTO t VALUES (1)", "COMMIT", "VACUUM"}) {
    const std::vector<Statement> bad = {
        {"INSERT INTO t VALUES (3)", {}}, {wrong, {}}, {"INSERT INTO t VALUES (4)", {}}};
    EXPECT_FALSE(writer().write_all(bad)) << wrong;
    EXPECT_EQ(query("SELECT x FROM t ORDER BY x"), R"([{"x":1},{"x":2}])") << wrong;
  }
  EXPECT_EQ(write("INSERT INTO t VALUES (5)"), "ok");
}

TEST_F(ConnectionTest, AReaderSeesWhatWasCommittedWhenItBegan) {
  write("CREATE TABLE t (x)");
  write("INSERT INTO t VALUES (1)");
  EXPECT_EQ(query("SELECT count(*) AS n FROM t"), R"([{"n":1}])");
  write("INSERT INTO t VALUES (2)");
  EXPECT_EQ(query("SELECT count(*) AS n FROM t"), R"([{"n":2}])");
}

TEST_F(ConnectionTest, StatementsAreCompiledAnewWhenTheSchemaChanges) {
  write("CREATE TABLE t (x)");
  write("INSERT INTO t VALUES (1)");
  EXPECT_EQ(query("SELECT * FROM t"), R"([{"x":1}])");
  write("ALTER TABLE t ADD COLUMN y DEFAULT 2");
  EXPECT_EQ(query("SELECT * FROM t"), R"([{"x":1,"y":2}])");
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(query(fmt::format("SELECT {} AS a", i)), fmt::format(R"([{{"a":{}}}])", i));
  }
  EXPECT_EQ(query("SELECT * FROM t"), R"([{"x":1,"y":2}])");
}

TEST_F(ConnectionTest, WhatIsNoDatabaseIsAnError) {
  std::ofstream(file_) << std::string(10'000, 'x');
  auto opened = Connection::open(file_, Connection::Role::writer, limits_, stopping_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().body(), R"({"Err":{"RusqliteError":"file is not a database"}})");
}

}  // namespace
}  // namespace kinode::modules::sqlite
