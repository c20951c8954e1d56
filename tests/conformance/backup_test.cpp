// Encrypted backups of a node of real components, by the programs that people use: what comes back is a node that
// works. The remotes are folders; others are in tests/backup.

#include <algorithm>
#include <fstream>
#include <set>

#include "suite.h"

namespace kinode::conformance {
namespace {

namespace fs = std::filesystem;

const std::string password = "correct horse battery";
const std::string marker = "PLAINTEXT-MARKER-OF-A-DRIVE";
const std::string state_marker = "PLAINTEXT-MARKER-OF-A-STATE";
const std::string drive = "/test-kit:test.os/kept";

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
