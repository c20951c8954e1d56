// vfs:distro:sys: who may do what (modules.md 2.3), and where paths lead (2.2). V, S7, S16: defects of the first
// client that are repaired here.

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "vfs_suite.h"

namespace kinode::conformance {
namespace {

/// An action, and a path that it can be tried on.
struct Attempt {
  Json action;
  std::string path;
  Json more = Json::object();
};

class VfsAccess : public VfsSuite<VfsAccess> {
 protected:
  // Of the package of `actor`; `other` is of another.
  const std::string drive = "/test-kit:test.os/guarded";
  const std::string file = drive + "/file";
  const std::string second_drive = "/test-kit:test.os/guarded-too";

  void SetUp() override {
    VfsSuite::SetUp();
    for (const std::string& each : {drive, second_drive}) {
      vfs_ok(actor, each, "CreateDrive");
      vfs_ok(actor, each + "/file", "Write", {{"blob", "secret"}});
      vfs_ok(actor, each + "/folder", "CreateDirAll");
    }
  }
  void TearDown() override {
    drop(other);
    VfsSuite::TearDown();
  }

  [[nodiscard]] Json drive_capability(const char* kind, const std::string& of) const {
    return capability(address(vfs_id), Json({{"kind", kind}, {"drive", of}}).dump());
  }
  [[nodiscard]] Json root() const { return capability(address(vfs_id), R"({"root":true})"); }
  void give(const std::string& process, const Json& each) const { node().grant(process, Json::array({each})); }
  /// Takes all from `process` that concerns the drives.
  void drop(const std::string& process) const {
    Json all = Json::array({root()});
    for (const char* kind : {"read", "write"}) {
      for (const std::string& each : {drive, second_drive}) {
        all.push_back(drive_capability(kind, each));
      }
    }
    node().kernel({{"DropCapabilities", {{"target", process}, {"capabilities", all}}}});
  }

  [[nodiscard]] std::vector<Attempt> reading() const {
    return {{"Read", file},         {"ReadToEnd", file}, {{{"ReadExact", {{"length", 0}}}}, file},
            {"ReadToString", file}, {"ReadDir", drive},  {{{"Seek", {{"Start", 0}}}}, file},
            {"Metadata", file},     {"Len", file},       {"Hash", file}};
  }
  [[nodiscard]] std::vector<Attempt> writing() const {
    return {{"CreateDir", drive + "/made"},
            {"CreateDirAll", drive + "/made/all"},
            {"CreateFile", drive + "/created"},
            {{{"OpenFile", {{"create", true}}}}, drive + "/opened"},
            {"Write", drive + "/written", {{"blob", "x"}}},
            {"WriteAll", drive + "/written", {{"blob", "x"}}},
            {"Append", drive + "/written", {{"blob", "x"}}},
            {"SyncAll", drive + "/written"},
            {{{"SetLen", 1}}, drive + "/written"},
            {{{"CopyFile", {{"new_path", drive + "/copied"}}}}, drive + "/written"},
            {{{"Rename", {{"new_path", drive + "/renamed"}}}}, drive + "/copied"},
            {"AddZip", drive + "/unpacked", {{"blob", {{"hex", hex(zip({{"file", "x"}}))}}}}},
            {"RemoveFile", drive + "/written"},
            {"RemoveDir", drive + "/made/all"},
            {"RemoveDirAll", drive + "/made"}};
  }
};

/// Each of `attempts`, by `process`, is refused with `error`, or, if that is empty, is not.
#define EXPECT_ALL(attempts, process, error)                                             \
  for (const Attempt& attempt : attempts) {                                              \
    const std::string answer = vfs(process, attempt.path, attempt.action, attempt.more); \
    if ((error) == std::string()) {                                                      \
      EXPECT_FALSE(answer.starts_with(R"({"Err")")) << attempt.action << answer;         \
    } else {                                                                             \
      EXPECT_EQ(answer, error) << attempt.action;                                        \
    }                                                                                    \
  }

TEST_F(VfsAccess, OnesOwnPackageNeedsNoCapability) {
  // It holds none of any drive but `pkg`.
  const std::string child = spawn({{"public", true}, {"request_capabilities", Json::array({vfs_id})}});
  EXPECT_ALL(writing(), child, "");
  EXPECT_ALL(reading(), child, "");
}

TEST_F(VfsAccess, AnotherPackageIsRefusedEverything) {
  EXPECT_ALL(reading(), other, no_read);
  EXPECT_ALL(writing(), other, no_write);
  EXPECT_EQ(vfs(other, file, {{"OpenFile", {{"create", false}}}}), no_write);
  EXPECT_EQ(vfs(other, file, "CloseFile"), no_write);
  EXPECT_EQ(vfs(other, "/test-kit:test.os/theirs", "CreateDrive"), no_write);
  EXPECT_FALSE(std::filesystem::exists(node().home() / "vfs/test-kit:test.os/theirs"));
  // Not told what there is.
  EXPECT_EQ(vfs(other, drive + "/nothing", "Read"), no_read);
}

TEST_F(VfsAccess, V8_TheReadCapabilityReadsAndNoMore) {
  give(other, drive_capability("read", drive));
  EXPECT_ALL(reading(), other, "");
  EXPECT_ALL(writing(), other, no_write);
  EXPECT_EQ(vfs(other, file, {{"OpenFile", {{"create", false}}}}), ok);
  EXPECT_EQ(vfs(other, file, "CloseFile"), ok);
  // One drive.
  EXPECT_EQ(vfs(other, second_drive + "/file", "Read"), no_read);
}

TEST_F(VfsAccess, TheWriteCapabilityWritesAndNoMore) {
  give(other, drive_capability("write", drive));
  EXPECT_ALL(writing(), other, "");
  EXPECT_ALL(reading(), other, no_read);
  EXPECT_EQ(vfs(other, file, {{"OpenFile", {{"create", false}}}}), ok);
  EXPECT_EQ(vfs(other, second_drive + "/file", "Write", {{"blob", "x"}}), no_write);
  EXPECT_EQ(vfs(other, drive, "CreateDrive"), no_write);
}

TEST_F(VfsAccess, TheRootCapabilityDoesAll) {
  give(other, root());
  EXPECT_ALL(writing(), other, "");
  EXPECT_ALL(reading(), other, "");
  EXPECT_EQ(vfs(other, "/test-kit:test.os/by-root", "CreateDrive"), ok);
  EXPECT_TRUE(node().holds(other, vfs_id, R"({"kind":"write","drive":"/test-kit:test.os/by-root"})"));
}

TEST_F(VfsAccess, OnlyRootListsThePackages) {
  for (const std::string root_path : {"/", "", "//", "/./"}) {
    EXPECT_EQ(vfs(actor, root_path, "ReadDir"), no_read) << root_path;
  }
  give(other, root());
  for (const std::string root_path : {"/", ""}) {
    const Json list = Json::parse(vfs(other, root_path, "ReadDir"))["ReadDir"];
    std::set<std::string> packages;
    for (const Json& entry : list) {
      EXPECT_EQ(entry["file_type"], "Directory");
      packages.insert(entry["path"].get<std::string>());
    }
    EXPECT_EQ(packages, (std::set<std::string>{"app-store:sys", "homepage:sys", "other-kit:test.os", "terminal:sys",
                                               "test-kit:test.os"}));
  }
  EXPECT_EQ(vfs(other, "/", "Metadata"), malformed);
}

TEST_F(VfsAccess, V7_ARequestForTheRootThatExpectsNothingIsNotAnswered) {
  give(other, root());
  act(other, steps("events", send(vfs_id, conformance::vfs("/", "ReadDir"))));
  const Json results = act(other, steps(await_vfs("/", "ReadDir"), "events"));
  EXPECT_EQ(results[1], Json::array());
  // And with one, whoever it was inherited from is.
  const Json event =
      one(actor, await(other, script(send(vfs_id, conformance::vfs("/", "ReadDir"), {{"inherit", true}}), hold())));
  EXPECT_EQ(event["source"], address(vfs_id));
}

TEST_F(VfsAccess, RenameAndCopyNeedToWriteBothDrives) {
  const std::string own = "/other-kit:test.os/tmp/file";
  vfs_ok(other, own, "Write", {{"blob", "own"}});
  auto attempt = [&](const char* action, const std::string& from, const std::string& to) {
    return vfs(other, from, {{action, {{"new_path", to}}}});
  };
  for (const char* action : {"CopyFile", "Rename"}) {
    EXPECT_EQ(attempt(action, own, drive + "/brought"), no_write);
    EXPECT_EQ(attempt(action, file, own), no_write);
    give(other, drive_capability("write", drive));
    EXPECT_EQ(attempt(action, file, second_drive + "/file"), no_write);
    // The own package on one side is not enough: what is held counts.
    EXPECT_EQ(attempt(action, file, own), no_write);
    give(other, drive_capability("write", "/other-kit:test.os/tmp"));
    EXPECT_EQ(attempt(action, file, own), ok);
    EXPECT_EQ(attempt(action, own, file), ok);
    give(other, drive_capability("write", second_drive));
    EXPECT_EQ(attempt(action, file, second_drive + "/file"), ok);
    EXPECT_EQ(attempt(action, second_drive + "/file", file), ok);
    vfs_ok(other, own, "Write", {{"blob", "own"}});
    drop(other);
    node().kernel(
        {{"DropCapabilities",
          {{"target", other}, {"capabilities", Json::array({drive_capability("write", "/other-kit:test.os/tmp")})}}}});
  }
  // Where the capability is judged is where it happens (V6).
  give(other, drive_capability("write", drive));
  EXPECT_EQ(attempt("Rename", file, drive + "/../guarded-too/stolen"), no_write);
  EXPECT_EQ(attempt("Rename", file, drive + "/x/../moved"), ok);
  EXPECT_EQ(vfs(actor, drive + "/moved", "Metadata"), R"({"Metadata":{"file_type":"File","len":6}})");
}

TEST_F(VfsAccess, ACapabilityThatIsPassedOnWorks) {
  const Json save = script(step("save_capabilities", {{"capabilities", "$received"}}));
  EXPECT_EQ(vfs(other, file, "Read"), no_read);
  one(actor, await(other, save, {{"capabilities", Json::array({drive_capability("read", drive)})}}));
  // The actor did not make this drive; it made the one in SetUp, by CreateDrive, and so holds it.
  EXPECT_EQ(vfs(other, file, "Read"), R"("Read")");
}

TEST_F(VfsAccess, S16_ADrivesNameDoesNotChangeACapability) {
  const std::string quoted = "/test-kit:test.os/a\",\"drive\":\"x\\";
  EXPECT_EQ(vfs(actor, quoted, "CreateDrive"), ok);
  EXPECT_TRUE(node().holds(actor, vfs_id, Json({{"kind", "read"}, {"drive", quoted}}).dump()));
  EXPECT_EQ(vfs(actor, quoted + "/file", "Write", {{"blob", "x"}}), ok);
  // A drive of the same form of another package's is not the same.
  vfs_ok(other, "/other-kit:test.os/b\"", "CreateDrive");
  EXPECT_EQ(vfs(other, quoted + "/file", "Read"), no_read);
}

// ---- paths -----------------------------------------------------------------------------------------

TEST_F(VfsAccess, TheFormsOfOnePath) {
  for (const std::string form :
       {"/test-kit:test.os/guarded/file", "test-kit:test.os/guarded/file", "//test-kit:test.os//guarded///file",
        "\\test-kit:test.os/guarded/file", "/test-kit:test.os/./guarded/././file", "/test-kit:test.os/guarded/file/",
        "/test-kit:test.os/guarded/folder/../file", "/test-kit:test.os/guarded/nothing/../file",
        "/other-kit:test.os/tmp/../../test-kit:test.os/guarded/file", "/x/../test-kit:test.os/guarded/file"}) {
    EXPECT_EQ(vfs(actor, form, "Read"), R"("Read")") << form;
  }
  // A backslash is a letter.
  EXPECT_EQ(vfs(actor, drive + "/a\\b", "Write", {{"blob", "x"}}), ok);
  EXPECT_TRUE(std::filesystem::exists(node().home() / "vfs/test-kit:test.os/guarded/a\\b"));
}

TEST_F(VfsAccess, WhatIsNoPathIsMalformed) {
  for (const std::string path :
       {"/..", "/../..", "..", "/test-kit:test.os/guarded/../../..", "/test-kit:test.os/guarded/../../../x",
        "/../etc/passwd", "/test-kit:test.os", "/test-kit:test.os/", "/test-kit:test.os/guarded/..", "/x",
        "/etc/passwd", "/no-colon/drive/file", "/a:b:c/drive/file", "/:b/drive/file", "/a:/drive/file",
        "/.staging/x/y"}) {
    EXPECT_EQ(vfs(actor, path, "Read"), malformed) << path;
    EXPECT_EQ(vfs(actor, path, "RemoveDirAll"), malformed) << path;
    EXPECT_EQ(vfs(actor, file, {{"CopyFile", {{"new_path", path}}}}), malformed) << path;
  }
  const std::string zero("/test-kit:test.os/guarded/fi\0le", 31);
  EXPECT_TRUE(vfs(actor, zero, "Read").starts_with(R"({"Err")"));
}

TEST_F(VfsAccess, ThePathThatIsJudgedIsTheOneThatIsUsed) {
  give(other, drive_capability("read", drive));
  EXPECT_EQ(vfs(other, drive + "/../guarded-too/file", "Read"), no_read);
  EXPECT_EQ(vfs(other, second_drive + "/../guarded/file", "Read"), R"("Read")");
  EXPECT_EQ(vfs(other, "/other-kit:test.os/tmp/../../test-kit:test.os/guarded-too/file", "Read"), no_read);
}

TEST_F(VfsAccess, NamesAsLongAsTheSystemTakesThem) {
  EXPECT_EQ(vfs(actor, drive + "/" + std::string(255, 'n'), "Write", {{"blob", "x"}}), ok);
  EXPECT_EQ(vfs(actor, drive + "/" + std::string(256, 'n'), "Write", {{"blob", "x"}}), name_too_long);
}

TEST_F(VfsAccess, S7_ALinkOutOfTheDriveLeadsNowhere) {
  // What a process can make in its own tmp.
  write_file(node().home() / "secret-of-the-node", "secret");
  const std::vector<std::pair<std::string, std::string>> links = {{"to-the-home", "../../../secret-of-the-node"},
                                                                  {"to-another-drive", "../guarded/file"},
                                                                  {"to-a-folder", "../guarded"},
                                                                  {"up", ".."},
                                                                  {"by-another-link", "up/guarded/file"}};
  for (const auto& [name, target] : links) {
    const Json made = one(actor, step("file", {{"op", "symlink"}, {"path", name}, {"target", target}}));
    EXPECT_EQ(made, Json({{"ok", true}})) << name;
    const std::string link = "/test-kit:test.os/tmp/" + name;
    for (const Attempt& attempt :
         std::vector<Attempt>{{"Read", link},
                              {"Read", link + "/file"},
                              {"ReadDir", link},
                              {"Metadata", link},
                              {"Write", link + "/file", {{"blob", "changed"}}},
                              {"Append", link, {{"blob", "changed"}}},
                              {"CreateFile", link + "/made"},
                              {"RemoveFile", link + "/file"},
                              {{{"CopyFile", {{"new_path", "/test-kit:test.os/tmp/got"}}}}, link},
                              {{{"OpenFile", {{"create", true}}}}, link}}) {
      const Json answer = Json::parse(vfs(actor, attempt.path, attempt.action, attempt.more));
      EXPECT_TRUE(answer.is_object() && answer.contains("Err") && answer["Err"].contains("IOError"))
          << attempt.action << " of " << attempt.path << ": " << answer;
    }
  }
  EXPECT_EQ(read_file(node().home() / "secret-of-the-node"), "secret");
  EXPECT_EQ(read(actor, file), "secret");
  EXPECT_FALSE(std::filesystem::exists(node().home() / "vfs/test-kit:test.os/guarded/made"));
  // Removing a link removes the link.
  EXPECT_EQ(vfs(actor, "/test-kit:test.os/tmp/to-the-home", "RemoveFile"), ok);
  EXPECT_EQ(vfs(actor, "/test-kit:test.os/tmp/to-a-folder", "RemoveDirAll"), ok);
  EXPECT_EQ(read_file(node().home() / "secret-of-the-node"), "secret");
  EXPECT_EQ(read(actor, file), "secret");
  for (const auto& link : links) {
    one(actor, step("file", {{"op", "remove"}, {"path", link.first}}));
  }
}

TEST_F(VfsAccess, ALinkWithinTheDriveIsFollowedAndListedAsALink) {
  one(actor, step("file", {{"op", "write"}, {"path", "target"}, {"data", "content"}}));
  one(actor, step("file", {{"op", "symlink"}, {"path", "link"}, {"target", "target"}}));
  const std::string link = "/test-kit:test.os/tmp/link";
  EXPECT_EQ(read(actor, link), "content");
  EXPECT_EQ(vfs(actor, link, "Metadata"), R"({"Metadata":{"file_type":"File","len":7}})");
  const Json list = Json::parse(vfs(actor, "/test-kit:test.os/tmp", "ReadDir"))["ReadDir"];
  EXPECT_EQ(
      std::count(list.begin(), list.end(), Json({{"path", "test-kit:test.os/tmp/link"}, {"file_type", "Symlink"}})), 1);
  vfs_ok(actor, link, "Write", {{"blob", "through it"}});
  EXPECT_EQ(read(actor, "/test-kit:test.os/tmp/target"), "through it");
  vfs_ok(actor, link, "RemoveFile");
  EXPECT_EQ(read(actor, "/test-kit:test.os/tmp/target"), "through it");
}

TEST_F(VfsAccess, S7_ADriveThatIsALinkIsRefused) {
  const std::filesystem::path outside = node().home() / "outside";
  write_file(outside / "file", "secret");
  std::filesystem::create_directory_symlink(outside, node().home() / "vfs/test-kit:test.os/linked");
  EXPECT_TRUE(vfs(actor, "/test-kit:test.os/linked/file", "Read").starts_with(R"({"Err":{"IOError")"));
  EXPECT_TRUE(vfs(actor, "/test-kit:test.os/linked", "ReadDir").starts_with(R"({"Err":{"IOError")"));
  std::filesystem::remove(node().home() / "vfs/test-kit:test.os/linked");
}

TEST_F(VfsAccess, WhatIsNeitherFileNorDirectoryIsNotOpened) {
  const std::filesystem::path pipe = node().home() / "vfs/test-kit:test.os/guarded/pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_TRUE(vfs(actor, drive + "/pipe", "Read").starts_with(R"({"Err":{"IOError")"));
  EXPECT_EQ(Json::parse(vfs(actor, drive + "/pipe", "Metadata"))["Metadata"]["file_type"], "Other");
  std::filesystem::remove(pipe);
}

}  // namespace
}  // namespace kinode::conformance
