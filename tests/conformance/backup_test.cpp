// Encrypted backups of a node of real components, by the programs that people use: what comes back is a node that
// works. The remotes are folders; others are in tests/backup.

#include <algorithm>
#include <fstream>
#include <set>
#include <thread>

#include "ledger.h"
#include "suite.h"

namespace kinode::conformance {
namespace {

namespace fs = std::filesystem;

const std::string password = "correct horse battery";
const std::string marker = "PLAINTEXT-MARKER-OF-A-DRIVE";
const std::string state_marker = "PLAINTEXT-MARKER-OF-A-STATE";
const std::string drive = "/test-kit:test.os/kept";

Json in_database(Json action) {
  return {{"package_id", {{"package_name", "test-kit"}, {"publisher_node", "test.os"}}},
          {"db", "kept"},
          {"action", std::move(action)}};
}

class Backup : public Suite<Backup> {
 protected:
  /// `kinode WORDS...`, by a person with a password.
  [[nodiscard]] Ended kinode(std::vector<std::string> words, const std::string& given = password) const {
    std::vector<std::string> command = {"/usr/bin/env", "KINODE_PASSWORD=" + given, kinode_program()};
    command.insert(command.end(), words.begin(), words.end());
    return run_to_end(command);
  }
  /// The same, where it must succeed.
  std::string done(std::vector<std::string> words) const {
    const Ended ended = kinode(std::move(words));
    EXPECT_EQ(ended.status, 0) << ended.output;
    return ended.output;
  }
  [[nodiscard]] std::string remote(const std::string& name) const { return (folder_.path() / name).string(); }
  [[nodiscard]] std::string home() const { return node().home().string(); }

  Json backup(const Json& request) const { return node().ask("backup:distro:sys", request).json(); }

  void SetUp() override {
    if (!node().running()) {
      node().start();
    }
    Suite::SetUp();
    const Json status = backup(R"("Status")");
    for (const auto& [name, unused] : status["Status"]["remotes"].items()) {
      done({"backup", "remove", name, "--home", home()});
    }
  }

  /// Gives the node something of each kind; the id of a child.
  std::string fill() const {
    const std::string child =
        spawn({{"on_exit", "Restart"}, {"public", true}, {"grant_capabilities", Json::array({counter})}});
    one(child, step("set_state", {{"bytes", state_marker}}));
    one(actor, await_vfs("/test-kit:test.os/kept", "CreateDrive"));
    one(actor, await_vfs(drive + "/file", "Write", {{"blob", {{"bytes", marker}}}}));
    return child;
  }
  [[nodiscard]] Json debug_of(const NodeProcess& of, const std::string& process) const {
    Json debug = of.kernel({{"Debug", {{"Process", process}}}})["Debug"]["Process"];
    std::set<Json> sorted(debug["capabilities"].begin(), debug["capabilities"].end());
    debug["capabilities"] = Json(sorted);
    return debug;
  }
  [[nodiscard]] static bool holds_text(const fs::path& folder, const std::string& text) {
    return std::ranges::any_of(fs::recursive_directory_iterator(folder), [&](const fs::directory_entry& entry) {
      return entry.is_regular_file() && read_file(entry.path()).find(text) != std::string::npos;
    });
  }

  /// What a module answers to an action on the actor's database: the body, and the bytes.
  static Json ask_database(const NodeProcess& of, const std::string& module, Json action, const Json& blob = nullptr) {
    Json more = Json::object();
    if (!blob.is_null()) {
      more["blob"] = blob;
    }
    const Json event = of.step(actor, await(module, in_database(std::move(action)), more));
    EXPECT_EQ(event["kind"], "response") << event;
    return Json::array({event["body"], event["has_blob"] == true ? event["blob"]["bytes"] : Json()});
  }
  static Json set_key(const std::string& key, const Json& transaction = nullptr) {
    return {{"Set", {{"key", std::vector<uint8_t>(key.begin(), key.end())}, {"tx_id", transaction}}}};
  }
  static Json write_sql(const std::string& statement) {
    return {{"Write", {{"statement", statement}, {"tx_id", nullptr}}}};
  }
  void fill_databases() const {
    const Json ok = Json::array({R"("Ok")", nullptr});
    EXPECT_EQ(ask_database(node(), kv_id, "Open"), ok);
    for (int i = 0; i < 300; ++i) {
      const std::string value = std::to_string(i) + std::string(static_cast<size_t>(i), 'v');
      EXPECT_EQ(ask_database(node(), kv_id, set_key("key " + std::to_string(i)), value), ok);
    }
    EXPECT_EQ(ask_database(node(), kv_id, set_key("bytes"), {{"hex", "00ff80"}}), ok);
    EXPECT_EQ(ask_database(node(), sqlite_id, "Open"), ok);
    for (const std::string statement :
         {"CREATE TABLE IF NOT EXISTS kept (id INTEGER PRIMARY KEY, content)", "DELETE FROM kept",
          "CREATE INDEX IF NOT EXISTS by_content ON kept (content)",
          "INSERT INTO kept (content) VALUES (NULL), (-9223372036854775808), (0.1), ('text'), (x'00ff80')",
          "INSERT INTO kept (content) WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 3000) "
          "SELECT x || ' of many' FROM n"}) {
      EXPECT_EQ(ask_database(node(), sqlite_id, write_sql(statement)), ok) << statement;
    }
  }
  /// All that is in the databases; of much the actor tells a sum.
  static Json databases_of(const NodeProcess& of) {
    Json all = Json::array({ask_database(of, kv_id, {{"Iterate", Json::object()}})});
    EXPECT_EQ(Json::parse(all[0][0].get<std::string>())["Iterate"]["next"], nullptr) << "more than a page";
    for (const std::string statement :
         {"SELECT * FROM kept ORDER BY id", "SELECT count(*) AS n FROM kept",
          "SELECT type, name, sql FROM sqlite_schema ORDER BY name", "PRAGMA integrity_check"}) {
      all.push_back(ask_database(of, sqlite_id, {{"Query", statement}}, "[]"));
    }
    return all;
  }

  TempFolder folder_;
};

TEST_F(Backup, AMachineIsLostAndTheNodeComesBackFromEitherRemote) {
  const std::string child = fill();
  done({"backup", "add", "one", remote("one"), "--home", home()});
  done({"backup", "add", "two", remote("two"), "--home", home()});
  done({"backup", "now", "--home", home()});
  const Json before = debug_of(node(), child);
  one(child, step("set_state", {{"bytes", "after the snapshot"}}));
  one(actor, await_vfs(drive + "/file", "Write", {{"blob", {{"bytes", "after the snapshot"}}}}));

  for (const char* name : {"one", "two"}) {
    EXPECT_FALSE(holds_text(remote(name), marker)) << "a remote can be read";
    EXPECT_FALSE(holds_text(remote(name), state_marker)) << "a remote can be read";
    const std::string fresh = (folder_.path() / ("restored-" + std::string(name))).string();
    done({"restore", "--from", remote(name), fresh});
    NodeOptions options;
    options.home = fresh;
    NodeProcess restored(options);
    EXPECT_EQ(debug_of(restored, child), before);
    EXPECT_EQ(restored.step(child, "get_state"), state_marker);
    EXPECT_EQ(read_file(fs::path(fresh) / "vfs" / "test-kit:test.os" / "kept" / "file"), marker);
    EXPECT_TRUE(restored.holds(counter, child, messaging));
    // It goes on with its backups, by the key that came back with it.
    EXPECT_EQ(restored.ask("backup:distro:sys", R"("Status")").json()["Status"]["remotes"].size(), 2U);
  }
}

TEST_F(Backup, DatabasesComeBackAsTheyWere) {
  fill_databases();
  const Json begun = Json::parse(ask_database(node(), kv_id, "BeginTx")[0].get<std::string>());
  ask_database(node(), kv_id, set_key("key 1", begun["BeginTx"]["tx_id"]), "not committed");
  const Json before = databases_of(node());
  EXPECT_EQ(Json::parse(before[0][0].get<std::string>())["Iterate"]["count"], 301);
  EXPECT_EQ(before[2][1], R"([{"n":3005}])");
  EXPECT_EQ(before[4][1], R"([{"integrity_check":"ok"}])");
  done({"backup", "add", "one", remote("one"), "--home", home()});
  done({"backup", "now", "--home", home()});
  ask_database(node(), kv_id, set_key("key 1"), "after the snapshot");
  ask_database(node(), sqlite_id, write_sql("DELETE FROM kept"));
  EXPECT_NE(databases_of(node()), before);

  NodeOptions options;
  options.home = (folder_.path() / "restored").string();
  done({"restore", "--from", remote("one"), options.home});
  const NodeProcess restored(options);
  EXPECT_EQ(databases_of(restored), before);
}

TEST_F(Backup, WhatProcessesWriteMeanwhileIsOfOneMoment) {
  struct Copy {
    std::string home;
    std::vector<Ledger::Progress> before;
    std::vector<Ledger::Progress> after;
  };
  std::vector<Copy> copies;
  NodeProcess written;
  Ledger ledger(written, 3);
  ledger.write_one();
  done({"backup", "add", "one", remote("one"), "--home", written.home().string()});
  {
    const std::jthread writing([&] { ledger.write_until_gone(); });
    struct KillAtEnd {
      NodeProcess& node;
      ~KillAtEnd() { node.kill9(); }
    } const ends_the_writing{written};
    for (int i = 0; i < 3; ++i) {
      Copy& copy = copies.emplace_back(remote("restored-" + std::to_string(i)), ledger.progress());
      done({"backup", "now", "--home", written.home().string()});
      copy.after = ledger.progress();
      done({"restore", "--from", remote("one"), copy.home});
    }
  }
  for (const Copy& copy : copies) {
    SCOPED_TRACE(copy.home);
    for (size_t i = 0; i < copy.before.size(); ++i) {
      EXPECT_GT(copy.after[i].answered, copy.before[i].answered) << "it did not write while the backup was made";
    }
    NodeOptions options;
    options.home = copy.home;
    NodeProcess restored(options);
    ledger.go_to(restored);
    ledger.check_copy(copy.before, copy.after);
  }
}

TEST_F(Backup, AStoppedNodeIsBackedUpToo) {
  const std::string child = fill();
  done({"backup", "add", "one", remote("one"), "--home", home()});
  node().stop();
  done({"backup", "now", "--home", home()});
  EXPECT_NE(done({"backup", "list", "--home", home()}).find("one"), std::string::npos);
  EXPECT_NE(done({"backup", "verify", "--home", home()}).find("one: sound"), std::string::npos);
  const std::string fresh = (folder_.path() / "restored").string();
  done({"restore", "--from", remote("one"), fresh});
  NodeOptions options;
  options.home = fresh;
  {
    NodeProcess restored(options);
    EXPECT_EQ(restored.step(child, "get_state"), state_marker);
  }
  node().start();
  EXPECT_EQ(one(child, "get_state"), state_marker);
}

TEST_F(Backup, ADriveOrAStateComesBackAlone) {
  const std::string child = fill();
  done({"backup", "add", "one", remote("one"), "--home", home()});
  done({"backup", "now", "--home", home()});
  one(child, step("set_state", {{"bytes", "spoilt"}}));
  one(actor, await_vfs(drive + "/file", "Write", {{"blob", {{"bytes", "spoilt"}}}}));

  const fs::path out = folder_.path() / "out";
  done({"restore", "--from", remote("one"), "--drive", "test-kit:test.os/kept", "--to", out.string()});
  EXPECT_EQ(read_file(out / "file"), marker);
  done({"restore", "--from", remote("one"), "--process", child, "--to", (folder_.path() / "state").string()});
  EXPECT_EQ(read_file(folder_.path() / "state"), state_marker);

  EXPECT_NE(kinode({"restore", "--from", "one", "--drive", "test-kit:test.os/kept", "--in-place", home()}).status, 0)
      << "a running node was changed";
  node().stop();
  done({"restore", "--from", "one", "--drive", "test-kit:test.os/kept", "--in-place", home()});
  done({"restore", "--from", "one", "--process", child, "--in-place", home()});
  node().start();
  EXPECT_EQ(one(child, "get_state"), state_marker);
  EXPECT_EQ(read_file(fs::path(home()) / "vfs" / "test-kit:test.os" / "kept" / "file"), marker);
}

TEST_F(Backup, AWrongPasswordAndAFullFolderAreRefused) {
  done({"backup", "add", "one", remote("one"), "--home", home()});
  done({"backup", "now", "--home", home()});
  const std::string fresh = (folder_.path() / "restored").string();
  const Ended wrong = kinode({"restore", "--from", remote("one"), fresh}, "not the one");
  EXPECT_EQ(wrong.status, 1);
  EXPECT_NE(wrong.output.find("the password does not open the repository"), std::string::npos) << wrong.output;
  EXPECT_FALSE(fs::exists(fresh));
  const Ended full = kinode({"restore", "--from", remote("one"), home()});
  EXPECT_EQ(full.status, 1);
  EXPECT_NE(full.output.find("is not empty"), std::string::npos) << full.output;
}

TEST_F(Backup, ARemoteThatFailsHoldsBackNoOther) {
  done({"backup", "add", "bad", remote("bad"), "--home", home()});
  done({"backup", "add", "good", remote("good"), "--home", home()});
  done({"backup", "now", "--home", home()});
  fs::remove_all(remote("bad"));
  const Ended ended = kinode({"backup", "now", "--home", home()});
  EXPECT_EQ(ended.status, 1);
  EXPECT_NE(ended.output.find("good: the snapshot is there"), std::string::npos) << ended.output;
  EXPECT_NE(ended.output.find("bad: there is no repository at"), std::string::npos) << ended.output;
  const Json remotes = backup(R"("Status")")["Status"]["remotes"];
  EXPECT_TRUE(remotes["good"]["last_error"].is_null());
  EXPECT_TRUE(remotes["good"]["pending_since"].is_null());
  EXPECT_FALSE(remotes["bad"]["last_error"].is_null());
  EXPECT_FALSE(remotes["bad"]["pending_since"].is_null());
  EXPECT_GE(remotes["bad"]["failures"], 1);
  EXPECT_FALSE(remotes["bad"]["next_try"].is_null());
}

TEST_F(Backup, WhatIsDamagedIsFound) {
  done({"backup", "add", "one", remote("one"), "--home", home()});
  done({"backup", "now", "--home", home()});
  EXPECT_NE(done({"backup", "verify", "--home", home()}).find("one: sound"), std::string::npos);
  for (const auto& entry : fs::recursive_directory_iterator(fs::path(remote("one")) / "data")) {
    if (entry.is_regular_file()) {
      fs::permissions(entry.path(), fs::perms::owner_all);
      std::fstream pack(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
      pack.seekp(30);
      pack.write("tampered", 8);
    }
  }
  const Ended ended = kinode({"backup", "verify", "--home", home()});
  EXPECT_EQ(ended.status, 1);
  EXPECT_NE(ended.output.find("If it is damaged"), std::string::npos) << ended.output;
  EXPECT_NE(done({"backup", "status", "--home", home()}).find("error"), std::string::npos);
}

TEST_F(Backup, OnlyWhoHoldsTheCapabilityMayAsk) {
  node().grant(actor, Json::array({capability(address("backup:distro:sys"), messaging)}));
  const Json without = one(actor, await("backup:distro:sys", R"("Status")"));
  EXPECT_NE(without.dump().find("may not ask for backups"), std::string::npos) << without;
  node().grant(actor, Json::array({capability(address("backup:distro:sys"), R"({"root":true})")}));
  const Json with = one(actor, await("backup:distro:sys", R"("Status")"));
  EXPECT_NE(with.dump().find("remotes"), std::string::npos) << with;
}

TEST_F(Backup, ANodeThatStopsEndsItsRestic) {
  done({"backup", "add", "one", remote("one"), "--home", home()});
  std::ofstream(fs::path(home()) / "vfs" / "test-kit:test.os" / "large") << std::string(size_t{300} << 20, 'x');
  ASSERT_TRUE(backup({{"Now", {{"remote", "one"}}}}).contains("Started"));
  EXPECT_EQ(node().stop(std::chrono::seconds(8)), 0);
  fs::remove(fs::path(home()) / "vfs" / "test-kit:test.os" / "large");
  node().start();
  done({"backup", "now", "--home", home()});
  done({"backup", "verify", "--home", home()});  // needs a repository without locks
}

}  // namespace
}  // namespace kinode::conformance
