// sqlite:distro:sys (modules.md 4). S4, S5, S15, K1 to K3, Q1 to Q4, G1: defects of the first client that are repaired
// here (modules.md 13).

#include <sqlite3.h>

#include <random>
#include <thread>

#include "suite.h"

namespace kinode::conformance {
namespace {

const std::string ok = R"("Ok")";

Json request(const std::string& db, Json action) {
  return {{"package_id", {{"package_name", "test-kit"}, {"publisher_node", "test.os"}}},
          {"db", db},
          {"action", std::move(action)}};
}
Json write_of(const std::string& sql, const Json& transaction = nullptr) {
  return {{"Write", {{"statement", sql}, {"tx_id", transaction}}}};
}
Json query_of(const std::string& sql) { return {{"Query", sql}}; }
Json commit_of(const Json& transaction) { return {{"Commit", {{"tx_id", transaction}}}}; }

/// A step of the actor that asks sqlite.
Json ask_sqlite(const std::string& db, Json action, const Json& parameters = nullptr) {
  Json more = {{"expects", 30}};
  if (!parameters.is_null()) {
    more["blob"] = parameters.dump();
  }
  return await(sqlite_id, request(db, std::move(action)), std::move(more));
}

class Sqlite : public Suite<Sqlite> {
 public:
  static NodeOptions node_options() {
    NodeOptions options;
    options.bootstrap = {built_package("test-kit"), built_package("other-kit")};
    return options;
  }
  static std::vector<std::string> connected() { return {plain, second, other}; }

 protected:
  [[nodiscard]] Json event(const std::string& process, const std::string& db, Json action,
                           const Json& parameters = nullptr) const {
    return one(process, ask_sqlite(db, std::move(action), parameters));
  }
  [[nodiscard]] std::string answer(const std::string& process, const std::string& db, Json action,
                                   const Json& parameters = nullptr) const {
    return event(process, db, std::move(action), parameters)["body"].get<std::string>();
  }
  void write(const std::string& db, const std::string& sql, const Json& parameters = nullptr) const {
    EXPECT_EQ(answer(actor, db, write_of(sql), parameters), ok) << sql;
  }
  [[nodiscard]] std::string rows(const std::string& db, const std::string& sql, const Json& parameters = nullptr,
                                 const std::string& process = actor) const {
    const Json found = event(process, db, query_of(sql), parameters);
    return found["body"] == R"("Read")" ? found["blob"]["bytes"].get<std::string>() : found["body"].get<std::string>();
  }
  void open(const std::string& db, const std::string& process = actor) const {
    EXPECT_EQ(answer(process, db, "Open"), ok);
  }
  [[nodiscard]] Json begin(const std::string& process, const std::string& db) const {
    return Json::parse(answer(process, db, "BeginTx"))["BeginTx"]["tx_id"];
  }
  [[nodiscard]] static std::filesystem::path folder_of(const NodeProcess& node, const std::string& db) {
    return node.home() / "sqlite" / "test-kit:test.os" / db;
  }
  /// A process of the test-kit that may use sqlite and is not started again.
  [[nodiscard]] std::string spawn_user(const std::string& name) const {
    return spawn({{"name", name},
                  {"public", true},
                  {"request_capabilities", Json::array({capability(address(sqlite_id), messaging)})}});
  }
};

TEST_F(Sqlite, WhatIsWrittenIsRead) {
  open("basic");
  write("basic", "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, age REAL, photo BLOB, active)");
  write("basic", "INSERT INTO users (name, age, photo, active) VALUES (?, ?, ?, ?)",
        Json::array({"Jane Doe", 33.5, "AAEC", true}));
  const Json found = event(actor, "basic", query_of("SELECT * FROM users"));
  EXPECT_EQ(found["body"], R"("Read")");
  EXPECT_EQ(found["source"], address(sqlite_id));
  EXPECT_EQ(found["blob"]["mime"], "application/octet-stream");
  EXPECT_EQ(found["blob"]["bytes"], R"([{"id":1,"name":"Jane Doe","age":33.5,"photo":"AAEC","active":1}])");
  EXPECT_EQ(rows("basic", "SELECT id FROM users WHERE id > ?", Json::array({1})), "[]");
  EXPECT_EQ(rows("basic", "select (1) AS one"), R"([{"one":1}])");
}

TEST_F(Sqlite, Q2_Base64IsABlobUnlessOneSaysText) {
  open("base64");
  write("base64", "CREATE TABLE t (x)");
  write("base64", "INSERT INTO t VALUES (?), (?), (?)",
        Json::array({"main", Json{{"Text", "main"}}, Json{{"Blob", "main"}}}));
  EXPECT_EQ(rows("base64", "SELECT x, typeof(x) AS t FROM t"),
            R"([{"x":"main","t":"blob"},{"x":"main","t":"text"},{"x":"main","t":"blob"}])");
  EXPECT_EQ(rows("base64", "SELECT count(*) AS n FROM t WHERE x = 'main'"), R"([{"n":1}])");
}

TEST_F(Sqlite, Q1_AnInfiniteRealIsAnswered) {
  open("infinite");
  EXPECT_EQ(rows("infinite", "SELECT 9e999 AS x"), R"([{"x":null}])");
}

TEST_F(Sqlite, ErrorsToTheLetter) {
  open("errors");
  EXPECT_EQ(answer(actor, "errors", query_of("INSERT INTO t VALUES (1)")), R"({"Err":"NotAReadKeyword"})");
  EXPECT_EQ(answer(actor, "errors", write_of("SELECT 1")), R"({"Err":"NotAWriteKeyword"})");
  EXPECT_EQ(answer(actor, "errors", query_of("SELECT ?"), Json::array({Json::array()})),
            R"({"Err":"InvalidParameters"})");
  EXPECT_EQ(answer(actor, "errors", query_of("SELECT * FROM t")), R"({"Err":{"RusqliteError":"no such table: t"}})");
  EXPECT_EQ(answer(actor, "errors", query_of("SELECT ?"), Json::array()),
            R"({"Err":{"RusqliteError":"Wrong number of parameters passed to query. Got 0, needed 1"}})");
  EXPECT_EQ(answer(actor, "errors", "Nonsense"), R"({"Err":"MalformedRequest"})");
  EXPECT_EQ(answer(other, "errors", "Open"), R"({"Err":"MismatchingPackageId"})");
  EXPECT_EQ(answer(other, "errors", "RemoveDb"), R"({"Err":"MismatchingPackageId"})");
}

TEST_F(Sqlite, S5_AnotherPackageNeedsTheCapability) {
  open("shared");
  write("shared", "CREATE TABLE t AS SELECT 'secret' AS x");
  EXPECT_EQ(rows("shared", "SELECT x FROM t", nullptr, other), R"({"Err":"NoReadCap"})");
  EXPECT_EQ(answer(other, "shared", write_of("DROP TABLE t")), R"({"Err":"NoWriteCap"})");
  EXPECT_EQ(answer(other, "shared", "BeginTx"), R"({"Err":"NoWriteCap"})");
  const std::string params =
      R"({"kind":"read","db_key":[{"package_name":"test-kit","publisher_node":"test.os"},"shared"]})";
  EXPECT_TRUE(node().holds(actor, sqlite_id, params));
  node().grant(other, Json::array({capability(address(sqlite_id), params)}));
  EXPECT_EQ(rows("shared", "SELECT x FROM t", nullptr, other), R"([{"x":"secret"}])");
  EXPECT_EQ(answer(other, "shared", write_of("DROP TABLE t")), R"({"Err":"NoWriteCap"})");
  EXPECT_EQ(answer(other, "shared", query_of("PRAGMA user_version = 1")), R"({"Err":"NoWriteCap"})");
}

TEST_F(Sqlite, S15_NothingOutsideIsReached) {
  open("inside");
  write("inside", "CREATE TABLE t (x)");
  const std::string outside = (node().home() / "outside.db").string();
  const std::vector<std::string> queries = {"ATTACH '" + outside + "' AS o", "WITH a AS (SELECT 1) DELETE FROM t",
                                            "PRAGMA writable_schema = ON", "BEGIN", "SELECT load_extension('x')"};
  for (const std::string& sql : queries) {
    EXPECT_EQ(answer(actor, "inside", query_of(sql)).substr(0, 6), R"({"Err")") << sql;
  }
  EXPECT_EQ(answer(actor, "inside", write_of("VACUUM INTO '" + outside + "'")).substr(0, 6), R"({"Err")");
  EXPECT_FALSE(std::filesystem::exists(outside));
  EXPECT_EQ(rows("inside", "SELECT count(*) AS n FROM t"), R"([{"n":0}])");
}

TEST_F(Sqlite, S4_NamesLeadNowhere) {
  for (const std::string name : {"../../x", "..", "/tmp/x", "a/b", ""}) {
    EXPECT_EQ(answer(actor, name, "Open"), R"({"Err":"MalformedRequest"})") << name;
    EXPECT_EQ(answer(actor, name, "RemoveDb"), R"({"Err":"MalformedRequest"})") << name;
  }
  EXPECT_FALSE(std::filesystem::exists(node().home() / "x"));
}

TEST_F(Sqlite, K1_WhatIsRemovedIsGone) {
  open("removed");
  write("removed", "CREATE TABLE t (x)");
  EXPECT_EQ(answer(actor, "removed", "RemoveDb"), ok);
  EXPECT_FALSE(std::filesystem::exists(folder_of(node(), "removed")));
  EXPECT_EQ(rows("removed", "SELECT * FROM t"),
            R"({"Err":{"NoDb":[{"package_name":"test-kit","publisher_node":"test.os"},"removed"]}})");
}

TEST_F(Sqlite, ATransactionIsAllOrNothing) {
  open("transactions");
  write("transactions", "CREATE TABLE t (x UNIQUE)");
  const Json good = begin(actor, "transactions");
  EXPECT_EQ(answer(actor, "transactions", write_of("INSERT INTO t VALUES (1)", good)), ok);
  EXPECT_EQ(rows("transactions", "SELECT x FROM t"), "[]");
  EXPECT_EQ(answer(actor, "transactions", commit_of(good)), ok);
  EXPECT_EQ(rows("transactions", "SELECT x FROM t"), R"([{"x":1}])");
  const Json bad = begin(actor, "transactions");
  EXPECT_EQ(answer(actor, "transactions", write_of("INSERT INTO t VALUES (2)", bad)), ok);
  EXPECT_EQ(answer(actor, "transactions", write_of("INSERT INTO t VALUES (1)", bad)), ok);
  EXPECT_EQ(answer(actor, "transactions", commit_of(bad)),
            R"({"Err":{"RusqliteError":"UNIQUE constraint failed: t.x"}})");
  EXPECT_EQ(rows("transactions", "SELECT x FROM t"), R"([{"x":1}])");
  EXPECT_EQ(answer(actor, "transactions", write_of("DELETE FROM t", 7)), R"({"Err":{"NoTx":7}})");
}

TEST_F(Sqlite, K2_TheTransactionOfAKilledProcessIsGone) {
  open("killed");
  write("killed", "CREATE TABLE t (x)");
  const std::string user = spawn_user("transaction-user");
  open("killed", user);
  const Json id = begin(user, "killed");
  EXPECT_EQ(answer(user, "killed", write_of("INSERT INTO t VALUES (1)", id)), ok);
  EXPECT_EQ(node().kernel({{"KillProcess", user}}), Json({{"KilledProcess", user}}));
  ASSERT_EQ(spawn_user("transaction-user"), user);
  open("killed", user);
  EXPECT_EQ(Json::parse(answer(user, "killed", commit_of(id))), Json({{"Err", {{"NoTx", id}}}}));
  EXPECT_EQ(rows("killed", "SELECT x FROM t"), "[]");
}

TEST_F(Sqlite, G1_RequestsOfOneProcessAreDoneInOrder) {
  open("order");
  write("order", "CREATE TABLE t (x)");
  write("order", "INSERT INTO t VALUES (0)");
  Json list = steps();
  for (int i = 1; i <= 30; ++i) {
    list.push_back(send(sqlite_id, request("order", write_of("UPDATE t SET x = " + std::to_string(i) +
                                                             " WHERE x = " + std::to_string(i - 1)))));
  }
  list.push_back(ask_sqlite("order", query_of("SELECT x FROM t")));
  EXPECT_EQ(act(actor, list).back()["blob"]["bytes"], R"([{"x":30}])");
}

TEST_F(Sqlite, MetadataComesBackWithASuccess) {
  open("metadata");
  const Json body = request("metadata", query_of("SELECT 1 AS x"));
  EXPECT_EQ(one(actor, await(sqlite_id, body, {{"metadata", "mine"}}))["metadata"], "mine");
  const Json wrong = request("metadata", query_of("SELECT"));
  EXPECT_EQ(one(actor, await(sqlite_id, wrong, {{"metadata", "mine"}}))["metadata"], nullptr);
}

TEST_F(Sqlite, TheLibraryForProcessesUsesItAll) {
  const std::string user = spawn({{"name", "sql-user"},
                                  {"wasm_path", kit_file("sql-user")},
                                  {"public", true},
                                  {"request_capabilities", Json::array({capability(address(sqlite_id), messaging)})}});
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(node().ask(user, "").body,
              R"(5 null:null 7:integer 1.5:real "main":text "AP8=":blob "kept":text same bytes NotAReadKeyword)");
  }
}

TEST_F(Sqlite, ARestartKeepsDatabasesAndCapabilities) {
  open("kept");
  write("kept", "CREATE TABLE t AS SELECT 'here' AS x");
  node().restart();
  EXPECT_EQ(rows("kept", "SELECT x FROM t"), R"([{"x":"here"}])");
}

/// What SQLite itself says of the file, when nobody has it open.
std::string check_file(const std::filesystem::path& file) {
  sqlite3* connection = nullptr;
  EXPECT_EQ(sqlite3_open(file.c_str(), &connection), SQLITE_OK);
  sqlite3_stmt* statement = nullptr;
  EXPECT_EQ(sqlite3_prepare_v2(connection, "PRAGMA integrity_check", -1, &statement, nullptr), SQLITE_OK);
  EXPECT_EQ(sqlite3_step(statement), SQLITE_ROW);
  std::string result = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
  sqlite3_finalize(statement);
  sqlite3_close(connection);
  return result;
}

TEST_F(Sqlite, WhatWasAnsweredOutlivesAKill) {
  constexpr int rounds = 8;
  std::mt19937 random(20'261'125);
  open("durable");
  write("durable", "CREATE TABLE t (round, n, filling)");
  for (int round = 0; round < rounds; ++round) {
    int answered = 0;
    std::thread killer([&] {
      pass_a_drawn_time(random, std::chrono::milliseconds(300));
      node().kill9();
    });
    try {
      while (answer(actor, "durable", write_of("INSERT INTO t VALUES (?, ?, randomblob(3000))"),
                    Json::array({round, answered})) == ok) {
        ++answered;
      }
    } catch (const std::exception&) {
      // The node is gone.
    }
    killer.join();
    EXPECT_EQ(check_file(folder_of(node(), "durable") / "durable.db"), "ok");
    node().start();
    const Json found = Json::parse(rows("durable",
                                        "SELECT count(*) AS n, coalesce(max(n), -1) + 1 AS next FROM t "
                                        "WHERE round = " +
                                            std::to_string(round)))[0];
    EXPECT_GE(found["n"].get<int>(), answered);
    EXPECT_LE(found["n"].get<int>(), answered + 1) << "more than the one that was under way";
    EXPECT_EQ(found["n"], found["next"]);
  }
}

}  // namespace
}  // namespace kinode::conformance
