// What a process reaches by WASI: its outputs, clocks, random numbers, the folder /tmp, and nothing else of the
// machine.

#include <algorithm>
#include <chrono>
#include <cstdlib>

#include "suite.h"

namespace kinode::conformance {
namespace {

class Sandbox : public Suite<Sandbox> {
 protected:
  /// The step `file` done by `plain`.
  Json file(const std::string& op, const std::string& path, Json more = Json::object()) const {
    more["op"] = op;
    more["path"] = path;
    return one(plain, step("file", std::move(more)));
  }
  /// The package's /tmp, as the machine has it.
  [[nodiscard]] std::filesystem::path tmp_on_host() const { return node().home() / "vfs" / "test-kit:test.os" / "tmp"; }
  static bool refused(const Json& result) { return result.contains("err") && !result.contains("ok"); }
};

const Json done = {{"ok", true}};

// ---- outputs -------------------------------------------------------------------------------------

TEST_F(Sandbox, S11_StandardErrorNeverCloses) {
  const std::string child = spawn({{"name", "talker"}});
  Json list = steps();
  for (int i = 0; i < 12; ++i) {
    list.push_back(step("stream", {{"data", {{"size", 1000}, {"fill", "x"}}}}));
  }
  list.push_back(step("stream", {{"data", {{"size", 200000}, {"fill", "y"}}}}));
  list.push_back(step("stream", {{"data", "\nthe last word\n"}}));
  const Json results = act(child, list);
  for (size_t i = 0; i < 12; ++i) {
    EXPECT_EQ(results[i], (Json{{"ok", 1000}})) << i;
  }
  EXPECT_EQ(results[12], (Json{{"ok", 200000}}));
  EXPECT_EQ(results[13], (Json{{"ok", 15}}));
  // However much it said, its end is told with its last words.
  node().begin(child, steps(step("trap", {{"reason", "and that is the end"}})));
  const std::string line = "process talker:test-kit:test.os ended with error: trapped";
  wait_for(line);
  wait_for("process talker:test-kit:test.os had OnExit behavior None");
  const std::string output = node().output();
  const std::string told = output.substr(output.find(line, begin_));
  EXPECT_NE(told.find("the last word"), std::string::npos) << told;
  EXPECT_NE(told.find("and that is the end"), std::string::npos) << told;
}

TEST_F(Sandbox, S11_StandardErrorThatIsNoTextIsShownAllTheSame) {
  const std::string child = spawn({{"name", "babbler"}, {"on_exit", "Restart"}});
  node().begin(child, steps(step("stream", {{"data", {{"hex", "41ff42c30a"}}}}), step("trap")));
  wait_for(
      "babbler:test-kit:test.os stderr: A\xEF\xBF\xBD"
      "B\xEF\xBF\xBD");
  // The first client forgot the on-exit of such a process.
  wait_for("process babbler:test-kit:test.os had OnExit behavior Restart");
  node().kernel({{"KillProcess", child}});
}

TEST_F(Sandbox, OutputsGoToTheLogByLines) {
  one(plain, step("stream", {{"data", "one\ntwo "}, {"to", "stdout"}}));
  one(plain, step("stream", {{"data", "parts\n"}, {"to", "stdout"}}));
  wait_for("plain:test-kit:test.os stdout: one");
  wait_for("plain:test-kit:test.os stdout: two parts");
}

TEST_F(Sandbox, WhatItPrintsCannotSteerThePersonsTerminal) {
  one(plain, step("print", {{"message", "bell\x07 escape\x1b[2J"}}));
  wait_for("test-kit:test.os: bell? escape?[2J");
}

// ---- environment, clocks, random numbers ---------------------------------------------------------

TEST_F(Sandbox, C18_TheEnvironmentSaysTmpAndNothingElse) { EXPECT_EQ(one(plain, "env"), (Json{{"TEMP_DIR", "/tmp"}})); }

TEST_F(Sandbox, TheClocksAreTheMachines) {
  auto now = [] {
    const auto since = std::chrono::system_clock::now().time_since_epoch();
    return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(since).count());
  };
  const uint64_t before = now();
  const Json results = act(plain, steps("clock", step("nap", {{"ms", 2}}), "clock"));
  const uint64_t after = now();
  const auto first = results[0]["wall_ns"].get<uint64_t>();
  EXPECT_LE(before, first);
  EXPECT_LE(first, after);
  EXPECT_EQ(results[1], done);
  EXPECT_GE(results[2]["monotonic_ns"].get<uint64_t>(), results[0]["monotonic_ns"].get<uint64_t>() + 2'000'000);
}

TEST_F(Sandbox, RandomNumbersDiffer) {
  const Json results =
      act(plain, steps(step("random", {{"size", 32}}), step("random", {{"size", 32}}), step("random", {{"size", 1}})));
  EXPECT_EQ(results[0].get<std::string>().size(), 64);
  EXPECT_EQ(results[2].get<std::string>().size(), 2);
  EXPECT_NE(results[0], results[1]);
  EXPECT_NE(results[0], one(second, step("random", {{"size", 32}})));
}

// ---- files ---------------------------------------------------------------------------------------

TEST_F(Sandbox, FilesInTmp) {
  EXPECT_EQ(file("make_dir", "f"), done);
  EXPECT_EQ(file("write", "f/one", {{"data", {{"hex", "00ff"}}}}), (Json{{"ok", 2}}));
  EXPECT_EQ(file("append", "f/one", {{"data", "more"}}), (Json{{"ok", 4}}));
  EXPECT_EQ(file("read", "/tmp/f/one")["ok"]["hex"], "00ff6d6f7265");
  EXPECT_EQ(file("stat", "f/one")["ok"], (Json{{"file_type", "File"}, {"size", 6}}));
  EXPECT_EQ(file("rename", "f/one", {{"target", "f/two"}}), done);
  EXPECT_EQ(file("list", "f")["ok"], Json::array({"two"}));
  EXPECT_EQ(file("symlink", "f/link", {{"target", "two"}}), done);
  EXPECT_EQ(file("read_link", "f/link")["ok"], "two");
  EXPECT_EQ(file("stat", "f/link")["ok"]["size"], 6);
  EXPECT_EQ(file("lstat", "f/link")["ok"]["file_type"], "Symlink");
  EXPECT_EQ(file("read", "f/../f/two")["ok"]["hex"], "00ff6d6f7265");
  EXPECT_TRUE(refused(file("read", "f/one")));
  EXPECT_TRUE(refused(file("remove_dir", "f")));
  EXPECT_EQ(file("remove", "f/link"), done);
  EXPECT_EQ(file("remove", "f/two"), done);
  EXPECT_EQ(file("remove_dir", "f"), done);
}

TEST_F(Sandbox, TmpIsADriveOfThePackage) {
  file("write", "shared-by-wasi", {{"data", "by WASI"}});
  const Json results =
      act(actor, steps(await_vfs("/test-kit:test.os/tmp/shared-by-wasi", "Read"),
                       await_vfs("/test-kit:test.os/tmp/by-the-vfs", "Write", {{"blob", "by the vfs"}})));
  EXPECT_EQ(results[0]["blob"]["bytes"], "by WASI");
  EXPECT_EQ(file("read", "by-the-vfs")["ok"], "by the vfs");
  // Processes of one package share it.
  EXPECT_EQ(one(second, step("file", {{"op", "read"}, {"path", "by-the-vfs"}}))["ok"], "by the vfs");
}

TEST_F(Sandbox, C18_NothingOutsideOfTmpIsReached) {
  const std::string home = node().home().string();
  for (const std::string& path :
       {std::string("/etc/passwd"), std::string("/"), std::string("/tmp/../etc/passwd"),
        std::string("../../../../../../etc/passwd"), std::string("../pkg/manifest.json"), std::string("/tmp/.."),
        std::string("f/../../pkg"), home, home + "/kernel", home + "/vfs/test-kit:test.os/tmp"}) {
    for (const char* op : {"read", "list", "stat"}) {
      EXPECT_TRUE(refused(file(op, path))) << op << " " << path << ": " << file(op, path);
    }
    EXPECT_TRUE(refused(file("write", path + "/written", {{"data", "x"}}))) << path;
    EXPECT_TRUE(refused(file("make_dir", path + "/made"))) << path;
  }
  EXPECT_FALSE(std::filesystem::exists(node().home() / "vfs/test-kit:test.os/pkg/written"));
  EXPECT_FALSE(std::filesystem::exists(node().home() / "written"));
}

TEST_F(Sandbox, C18_NoLinkLeadsOut) {
  file("write", "inside", {{"data", "x"}});
  // Made by the guest: none to an absolute path, and none that leads out is followed.
  EXPECT_TRUE(refused(file("symlink", "absolute", {{"target", "/etc/passwd"}})));
  for (const char* target : {"../pkg/manifest.json", "../../../../../../../../etc/passwd"}) {
    const std::string name = "link-to-" + std::to_string(std::string(target).size());
    file("symlink", name, {{"target", target}});
    EXPECT_TRUE(refused(file("read", name))) << target;
    EXPECT_TRUE(refused(file("write", name, {{"data", "x"}}))) << target;
  }
  EXPECT_TRUE(refused(file("link", "../outside", {{"target", "inside"}})));
  EXPECT_TRUE(refused(file("link", "hard", {{"target", "../pkg/manifest.json"}})));
  EXPECT_TRUE(refused(file("rename", "inside", {{"target", "../outside"}})));
  EXPECT_TRUE(refused(file("rename", "../pkg/manifest.json", {{"target", "stolen"}})));
  EXPECT_TRUE(std::filesystem::exists(node().home() / "vfs/test-kit:test.os/pkg/manifest.json"));
  // Made by somebody else.
  TempFolder outside;
  write_file(outside.path() / "secret", "a secret");
  std::filesystem::create_symlink(outside.path(), tmp_on_host() / "planted");
  std::filesystem::create_symlink(outside.path() / "secret", tmp_on_host() / "planted-file");
  EXPECT_TRUE(refused(file("read", "planted/secret")));
  EXPECT_TRUE(refused(file("read", "planted-file")));
  EXPECT_TRUE(refused(file("write", "planted/new", {{"data", "x"}})));
  EXPECT_TRUE(refused(file("write", "planted-file", {{"data", "x"}})));
  EXPECT_FALSE(std::filesystem::exists(outside.path() / "new"));
  EXPECT_EQ(read_file(outside.path() / "secret"), "a secret");
  std::filesystem::remove(tmp_on_host() / "planted");
  std::filesystem::remove(tmp_on_host() / "planted-file");
}

TEST_F(Sandbox, C18_NoErrorTellsAPathOfTheHost) {
  const std::string home = node().home().string();
  const Json results = act(
      plain,
      steps("env", step("file", {{"op", "list"}, {"path", "/tmp"}}),
            step("file", {{"op", "read"}, {"path", "missing"}}), step("file", {{"op", "read_link"}, {"path", "."}}),
            "our", await_vfs("/test-kit:test.os/tmp/missing", "Read"), await_vfs("/test-kit:test.os/../../x", "Read")));
  EXPECT_EQ(results.dump().find(home), std::string::npos) << results;
}

// ---- two packages --------------------------------------------------------------------------------

TEST(SandboxOfTwoPackages, EachHasATmpOfItsOwn) {
  NodeProcess node({.bootstrap = {built_package("test-kit"), built_package("other-kit")}});
  node.connect(other);
  const Json write = step("file", {{"op", "write"}, {"path", "mine"}, {"data", "of test-kit"}});
  EXPECT_EQ(node.step(actor, write), (Json{{"ok", 11}}));
  EXPECT_TRUE(node.step(other, step("file", {{"op", "read"}, {"path", "mine"}})).contains("err"));
  // It outlives a restart of the node.
  node.restart();
  EXPECT_EQ(node.step(actor, step("file", {{"op", "read"}, {"path", "mine"}}))["ok"], "of test-kit");
}

}  // namespace
}  // namespace kinode::conformance
