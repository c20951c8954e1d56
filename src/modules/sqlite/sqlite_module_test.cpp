// sqlite:distro:sys behind its mailbox, in a kernel.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <latch>

#include "kernel/testing/temp_folder.h"
#include "kernel/testing/test_node.h"
#include "modules/database/database_module.h"
#include "modules/sqlite/sqlite_engine.h"

namespace kinode::modules::sqlite {
namespace {

using kernel::testing::Puppet;
using kernel::testing::TestNode;
using ::testing::HasSubstr;

constexpr std::string_view ok = R"("Ok")";

class SqliteModuleTest : public ::testing::Test {
 protected:
  SqliteModuleTest() : engine_(SqliteEngine::open(home_.path(), settings()).value()) {
    node_.kernel.add_module(module_address_.process(), false, [&](kernel::ProcessContext& context) {
      return std::make_unique<database::DatabaseModule>(context, *engine_, gate_, pool_);
    });
    node_.run();
    alice_ = &add("alice:chat:a.os");
    bob_ = &add("bob:other:b.os");
  }

  Settings settings() {
    Settings settings;
    settings.on_write = [this] { ++writes_; };
    settings.limits.query_time = std::chrono::milliseconds(5'000);
    settings.open_databases = 2;
    return settings;
  }
  Puppet& add(std::string_view id) {
    Puppet& puppet = node_.add_puppet(id);
    node_.connect(puppet.address(), module_address_);
    return puppet;
  }
  static std::string body(std::string_view db, const nlohmann::json& action) {
    return nlohmann::json(
               {{"package_id", {{"package_name", "chat"}, {"publisher_node", "a.os"}}}, {"db", db}, {"action", action}})
        .dump();
  }
  void send(Puppet& from, const nlohmann::json& action, std::optional<std::string> blob = {},
            std::string_view db = "d") {
    std::optional<Blob> with;
    if (blob) {
      with = kinode::Blob{std::nullopt, Bytes::copy_of(*blob)};
    }
    EXPECT_EQ(from.request(module_address_, body(db, action), 5, std::move(with)), kernel::SendStatus::sent);
  }
  using Blob = kinode::Blob;
  void settle() {
    do {
      node_.run();
      gate_.wait_idle();
    } while (node_.executor.ready() > 0);
  }
  std::string next(Puppet& from) {
    last_ = from.take();
    if (last_ == nullptr) {
      return "-";
    }
    return last_->kind == kernel::Envelope::Kind::response ? std::string(last_->response().body.text()) : "timeout";
  }
  std::string ask(Puppet& from, const nlohmann::json& action, std::optional<std::string> blob = {},
                  std::string_view db = "d") {
    send(from, action, std::move(blob), db);
    settle();
    return next(from);
  }
  static nlohmann::json write(const std::string& sql, std::optional<uint64_t> transaction = {}) {
    nlohmann::json action = {{"Write", {{"statement", sql}, {"tx_id", nullptr}}}};
    if (transaction) {
      action["Write"]["tx_id"] = *transaction;
    }
    return action;
  }
  static nlohmann::json query(const std::string& sql) { return {{"Query", sql}}; }
  /// The rows, or the error.
  std::string rows(Puppet& from, const std::string& sql, std::optional<std::string> blob = {}) {
    const std::string answered = ask(from, query(sql), std::move(blob));
    return answered == R"("Read")" ? std::string(last_->blob->bytes.text()) : answered;
  }
  uint64_t begin(Puppet& from) {
    return nlohmann::json::parse(ask(from, "BeginTx"))["BeginTx"]["tx_id"].get<uint64_t>();
  }
  void grant(const Puppet& to, database::Right right) {
    const database::DatabaseId id{PackageId("chat", "a.os"), "d"};
    ASSERT_TRUE(node_.kernel.grant(to.address().process(),
                                   {database::database_capability(module_address_, right, id).value()}));
  }

  kernel::testing::TempFolder home_;
  std::atomic<int> writes_ = 0;
  BlockingPool pool_{"test", 3};
  std::unique_ptr<SqliteEngine> engine_;
  database::WorkGate gate_;
  TestNode node_;
  Address module_address_ = node_.local("sqlite:distro:sys");
  Puppet* alice_ = nullptr;
  Puppet* bob_ = nullptr;
  std::unique_ptr<kernel::Envelope> last_;
};

TEST_F(SqliteModuleTest, ServesADatabase) {
  EXPECT_EQ(ask(*alice_, "Open"), ok);
  EXPECT_TRUE(std::filesystem::exists(home_.path() / "sqlite/chat:a.os/d/d.db"));
  EXPECT_EQ(ask(*alice_, write("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)")), ok);
  EXPECT_EQ(ask(*alice_, write("INSERT INTO t (name) VALUES (?)"), R"(["not base64"])"), ok);
  EXPECT_EQ(last_->blob, std::nullopt);
  EXPECT_EQ(rows(*alice_, "SELECT * FROM t WHERE id = ?", "[1]"), R"([{"id":1,"name":"not base64"}])");
  EXPECT_EQ(last_->blob->mime, "application/octet-stream");
  EXPECT_EQ(rows(*alice_, "SELECT * FROM t WHERE id = 2"), "[]");
  EXPECT_EQ(ask(*alice_, write("INSERT INTO t (name) VALUES ('b') RETURNING id")), ok);
  EXPECT_EQ(last_->blob->bytes.text(), R"([{"id":2}])");
}

TEST_F(SqliteModuleTest, TheJournalIsToldBeforeAnAnswerRestsOnWhatIsNotOnTheDisk) {
  EXPECT_EQ(ask(*alice_, "Open"), ok);
  EXPECT_EQ(ask(*alice_, write("CREATE TABLE t (x)")), ok);
  EXPECT_EQ(writes_, 1);
  EXPECT_EQ(rows(*alice_, "PRAGMA user_version = 7"), "[]");
  EXPECT_EQ(writes_, 2);
  const uint64_t id = begin(*alice_);
  EXPECT_EQ(ask(*alice_, write("INSERT INTO t VALUES (1)", id)), ok);
  EXPECT_EQ(writes_, 2);
  EXPECT_EQ(ask(*alice_, {{"Commit", {{"tx_id", id}}}}), ok);
  EXPECT_EQ(writes_, 3);
  EXPECT_EQ(rows(*alice_, "SELECT * FROM t"), R"([{"x":1}])");
  EXPECT_EQ(writes_, 4) << "it shows what is not on the disk yet";
  EXPECT_TRUE(engine_->sync());
  EXPECT_EQ(rows(*alice_, "SELECT * FROM t"), R"([{"x":1}])");
  EXPECT_EQ(writes_, 4);
}

TEST_F(SqliteModuleTest, ErrorsAreThoseOfTheFirstClient) {
  EXPECT_EQ(ask(*alice_, "Open"), ok);
  EXPECT_EQ(ask(*alice_, query("INSERT INTO t VALUES (1)")), R"({"Err":"NotAReadKeyword"})");
  EXPECT_EQ(ask(*alice_, query("nonsense")), R"({"Err":"NotAReadKeyword"})");
  EXPECT_EQ(ask(*alice_, write("SELECT 1")), R"({"Err":"NotAWriteKeyword"})");
  EXPECT_EQ(ask(*alice_, query("SELECT ?"), "[[]]"), R"({"Err":"InvalidParameters"})");
  EXPECT_EQ(ask(*alice_, query("SELECT * FROM t")), R"({"Err":{"RusqliteError":"no such table: t"}})");
  EXPECT_EQ(ask(*alice_, {{"Query", 1}}), R"({"Err":"MalformedRequest"})");
  EXPECT_EQ(ask(*alice_, "Fly"), R"({"Err":"MalformedRequest"})");
  EXPECT_EQ(ask(*bob_, "Open"), R"({"Err":"MismatchingPackageId"})");
}

TEST_F(SqliteModuleTest, S5_OthersNeedTheCapability) {
  EXPECT_EQ(ask(*alice_, "Open"), ok);
  EXPECT_EQ(ask(*alice_, write("CREATE TABLE t (x)")), ok);
  EXPECT_EQ(ask(*bob_, query("SELECT * FROM t")), R"({"Err":"NoReadCap"})");
  EXPECT_EQ(ask(*bob_, write("DROP TABLE t")), R"({"Err":"NoWriteCap"})");
  EXPECT_EQ(ask(*bob_, "BeginTx"), R"({"Err":"NoWriteCap"})");
  grant(*bob_, database::Right::read);
  EXPECT_EQ(rows(*bob_, "SELECT * FROM t"), "[]");
  EXPECT_EQ(ask(*bob_, write("DROP TABLE t")), R"({"Err":"NoWriteCap"})");
  EXPECT_EQ(ask(*bob_, query("PRAGMA user_version = 7")), R"({"Err":"NoWriteCap"})");
  EXPECT_EQ(ask(*bob_, query("ANALYZE")), R"({"Err":"NoWriteCap"})");
}

TEST_F(SqliteModuleTest, AQueryThatSetsSomethingNeedsTheRightToWrite) {
  EXPECT_EQ(ask(*alice_, "Open"), ok);
  EXPECT_EQ(rows(*alice_, "PRAGMA user_version = 7"), "[]");
  EXPECT_EQ(rows(*alice_, "pragma main.user_version"), R"([{"user_version":7}])");
  EXPECT_EQ(rows(*alice_, "PRAGMA foreign_keys"), R"([{"foreign_keys":1}])");
  EXPECT_EQ(rows(*alice_, "PRAGMA foreign_keys = OFF"), "[]");
  EXPECT_EQ(rows(*alice_, "PRAGMA foreign_keys"), R"([{"foreign_keys":0}])");
  EXPECT_EQ(rows(*alice_, "ANALYZE"), "[]");
}

TEST_F(SqliteModuleTest, S4_NamesLeadNowhere) {
  for (const char* name : {"../../x", "..", "/tmp/x", "a/b", ""}) {
    EXPECT_EQ(ask(*alice_, "Open", {}, name), R"({"Err":"MalformedRequest"})") << name;
    EXPECT_EQ(ask(*alice_, "RemoveDb", {}, name), R"({"Err":"MalformedRequest"})") << name;
  }
  EXPECT_THAT(ask(*alice_, "Open", {}, std::string(250, 'x')), HasSubstr("IOError"));
}

TEST_F(SqliteModuleTest, K1_WhatIsRemovedIsGone) {
  EXPECT_EQ(ask(*alice_, "Open"), ok);
  EXPECT_EQ(ask(*alice_, write("CREATE TABLE t (x)")), ok);
  EXPECT_EQ(ask(*alice_, "RemoveDb"), ok);
  EXPECT_FALSE(std::filesystem::exists(home_.path() / "sqlite/chat:a.os/d"));
  EXPECT_EQ(ask(*alice_, query("SELECT * FROM t")),
            R"({"Err":{"NoDb":[{"package_name":"chat","publisher_node":"a.os"},"d"]}})");
  EXPECT_EQ(ask(*alice_, "Open"), ok);
  EXPECT_THAT(ask(*alice_, query("SELECT * FROM t")), HasSubstr("no such table"));
}

TEST_F(SqliteModuleTest, K3_MoreDatabasesThanStayOpenAreServed) {
  for (int round = 0; round < 2; ++round) {
    for (const std::string name : {"a", "b", "c", "d", "e"}) {
      EXPECT_EQ(ask(*alice_, "Open", {}, name), ok);
      EXPECT_EQ(ask(*alice_, write("CREATE TABLE IF NOT EXISTS t AS SELECT '" + name + "' AS x"), {}, name), ok);
      EXPECT_EQ(ask(*alice_, query("SELECT x FROM t"), {}, name), R"("Read")");
      EXPECT_EQ(last_->blob->bytes.text(), R"([{"x":")" + name + R"("}])");
    }
  }
}

// ---- transactions ----------------------------------------------------------------------------------

TEST_F(SqliteModuleTest, ATransactionIsSeenAtItsCommit) {
  EXPECT_EQ(ask(*alice_, "Open"), ok);
  EXPECT_EQ(ask(*alice_, write("CREATE TABLE t (x)")), ok);
  const uint64_t id = begin(*alice_);
  EXPECT_EQ(ask(*alice_, write("INSERT INTO t VALUES (?)", id), "[1]"), ok);
  EXPECT_EQ(ask(*alice_, write("INSERT INTO t VALUES (?)", id), "[2]"), ok);
  EXPECT_EQ(ask(*alice_, write("INSERT INTO t VALUES (3)")), ok) << "others are not held up";
  EXPECT_EQ(rows(*alice_, "SELECT x FROM t"), R"([{"x":3}])");
  EXPECT_EQ(ask(*alice_, {{"Commit", {{"tx_id", id}}}}), ok);
  EXPECT_EQ(rows(*alice_, "SELECT x FROM t ORDER BY x"), R"([{"x":1},{"x":2},{"x":3}])");
  EXPECT_EQ(ask(*alice_, {{"Commit", {{"tx_id", id}}}}), fmt::format(R"({{"Err":{{"NoTx":{}}}}})", id));
}

TEST_F(SqliteModuleTest, ACommitThatFailsChangesNothing) {
  EXPECT_EQ(ask(*alice_, "Open"), ok);
  EXPECT_EQ(ask(*alice_, write("CREATE TABLE t (x UNIQUE)")), ok);
  const uint64_t id = begin(*alice_);
  EXPECT_EQ(ask(*alice_, write("INSERT INTO t VALUES (1)", id)), ok);
  EXPECT_EQ(ask(*alice_, write("INSERT INTO t VALUES (1)", id)), ok);
  EXPECT_EQ(ask(*alice_, {{"Commit", {{"tx_id", id}}}}),
            R"({"Err":{"RusqliteError":"UNIQUE constraint failed: t.x"}})");
  EXPECT_EQ(rows(*alice_, "SELECT x FROM t"), "[]");
}

TEST_F(SqliteModuleTest, ATransactionMayBeRolledBack) {
  EXPECT_EQ(ask(*alice_, "Open"), ok);
  const uint64_t id = begin(*alice_);
  EXPECT_EQ(ask(*alice_, write("CREATE TABLE t (x)", id)), ok);
  EXPECT_EQ(ask(*alice_, {{"Rollback", {{"tx_id", id}}}}), ok);
  EXPECT_THAT(ask(*alice_, query("SELECT * FROM t")), HasSubstr("no such table"));
}

TEST_F(SqliteModuleTest, Q3_AnUnknownTransactionIsNoTx) {
  EXPECT_EQ(ask(*alice_, "Open"), ok);
  EXPECT_EQ(ask(*alice_, write("CREATE TABLE t (x)", 18446744073709551615U)),
            R"({"Err":{"NoTx":18446744073709551615}})");
}

TEST_F(SqliteModuleTest, K4_AGrantThatFailsIsNoSuccess) {
  std::vector<Capability> others;  // as many as a process may hold
  while (others.size() < kernel::Limits{}.capabilities) {
    others.push_back(Capability::make(bob_->address(), std::to_string(others.size())).value());
  }
  node_.kernel.grant(alice_->address().process(), others);
  EXPECT_EQ(ask(*alice_, "Open"), R"({"Err":"AddCapFailed"})");
  node_.kernel.drop(alice_->address().process(), {others[0], others[1]});
  EXPECT_EQ(ask(*alice_, "Open"), ok);
  EXPECT_EQ(ask(*alice_, write("CREATE TABLE t (x)")), ok);
}

TEST_F(SqliteModuleTest, K2_ATransactionIsItsProcesssOwn) {
  EXPECT_EQ(ask(*alice_, "Open"), ok);
  Puppet& sibling = add("sibling:chat:a.os");
  EXPECT_EQ(ask(sibling, "Open"), ok);
  const uint64_t id = begin(*alice_);
  EXPECT_EQ(ask(sibling, write("CREATE TABLE t (x)", id)), fmt::format(R"({{"Err":{{"NoTx":{}}}}})", id));
  EXPECT_EQ(ask(sibling, {{"Commit", {{"tx_id", id}}}}), fmt::format(R"({{"Err":{{"NoTx":{}}}}})", id));
  EXPECT_EQ(ask(*alice_, "Open", {}, "another"), ok);
  EXPECT_EQ(ask(*alice_, write("CREATE TABLE t (x)", id), {}, "another"),
            fmt::format(R"({{"Err":{{"NoTx":{}}}}})", id));
}

// ---- side by side ----------------------------------------------------------------------------------

TEST_F(SqliteModuleTest, Q4_ASlowQueryDelaysNoOtherProcess) {
  EXPECT_EQ(ask(*alice_, "Open"), ok);
  Puppet& sibling = add("sibling:chat:a.os");
  EXPECT_EQ(ask(sibling, "Open"), ok);
  EXPECT_EQ(ask(sibling, write("CREATE TABLE t (x)")), ok);
  // It ends only with the engine.
  send(*alice_, query("WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c"));
  node_.run();
  send(sibling, write("INSERT INTO t VALUES (1)"));
  send(sibling, query("SELECT x FROM t"));
  while (sibling.received() < 2) {
    node_.run();
  }
  EXPECT_EQ(alice_->received(), 0U);
  EXPECT_EQ(next(sibling), ok);
  EXPECT_EQ(next(sibling), R"("Read")");
  engine_->stop();
  settle();
  EXPECT_THAT(next(*alice_), HasSubstr("the node stops"));
}

TEST_F(SqliteModuleTest, G1_RequestsOfOneProcessKeepTheirOrder) {
  EXPECT_EQ(ask(*alice_, "Open"), ok);
  EXPECT_EQ(ask(*alice_, write("CREATE TABLE t (x)")), ok);
  EXPECT_EQ(ask(*alice_, write("INSERT INTO t VALUES (0)")), ok);
  for (int i = 1; i <= 50; ++i) {
    alice_->request(module_address_, body("d", write(fmt::format("UPDATE t SET x = {} WHERE x = {}", i, i - 1))));
  }
  EXPECT_EQ(rows(*alice_, "SELECT x FROM t"), R"([{"x":50}])");
}

}  // namespace
}  // namespace kinode::modules::sqlite
