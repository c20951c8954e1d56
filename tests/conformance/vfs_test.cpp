// vfs:distro:sys: directories, files by path and archives, with the exact JSON of the answers (modules.md 2.1);
// order, and what is whole. Files by handle: vfs_handles_test.cpp; who may do what, and what leads where:
// vfs_access_test.cpp. V, G1, S8: defects of the first client that are repaired here.

#include "vfs_suite.h"

namespace kinode::conformance {
namespace {

class Vfs : public VfsFiles<Vfs> {};

Json listed(const std::string& path, const char* type) { return {{"file_type", type}, {"path", path}}; }

// ---- drives and directories ------------------------------------------------------------------------

TEST_F(Vfs, CreateDriveMakesTheDriveAndGivesItsCapabilitiesToTheCaller) {
  const std::string child = spawn({{"public", true}, {"request_capabilities", Json::array({vfs_id})}});
  EXPECT_EQ(vfs(child, "/test-kit:test.os/fresh/and/more", "CreateDrive"), ok);
  EXPECT_TRUE(std::filesystem::is_directory(node().home() / "vfs/test-kit:test.os/fresh"));
  EXPECT_FALSE(std::filesystem::exists(node().home() / "vfs/test-kit:test.os/fresh/and"));
  const Json held = one(child, "capabilities");
  for (const char* kind : {"read", "write"}) {
    const std::string params = Json({{"kind", kind}, {"drive", "/test-kit:test.os/fresh"}}).dump();
    EXPECT_TRUE(node().holds(child, vfs_id, params)) << held;
    // Whom it was not for.
    EXPECT_FALSE(node().holds(plain, vfs_id, params));
  }
  // Also where it is there.
  put("/test-kit:test.os/fresh/file", "stays");
  EXPECT_EQ(vfs(child, "test-kit:test.os/fresh", "CreateDrive"), ok);
  EXPECT_EQ(content("/test-kit:test.os/fresh/file"), "stays");
}

TEST_F(Vfs, CreateDirMakesOneLevel) {
  EXPECT_EQ(vfs(actor, drive + "/a", "CreateDir"), ok);
  EXPECT_EQ(vfs(actor, drive + "/a", "CreateDir"), exists);
  EXPECT_EQ(vfs(actor, drive + "/b/c", "CreateDir"), not_found);
  put(file, "");
  EXPECT_EQ(vfs(actor, file, "CreateDir"), exists);
  EXPECT_EQ(vfs(actor, file + "/below", "CreateDir"), not_a_directory);
}

TEST_F(Vfs, CreateDirAllMakesAllThatIsMissing) {
  EXPECT_EQ(vfs(actor, drive + "/a/b/c", "CreateDirAll"), ok);
  EXPECT_EQ(vfs(actor, drive + "/a/b/c", "CreateDirAll"), ok);
  EXPECT_EQ(listing(drive + "/a/b"), Json::array({listed("test-kit:test.os/conformance/a/b/c", "Directory")}));
  put(file, "");
  EXPECT_EQ(vfs(actor, file + "/below", "CreateDirAll"), not_a_directory);
}

TEST_F(Vfs, ReadDirGivesPathsThatRequestsTake) {
  put(drive + "/one", "");
  vfs_ok(actor, drive + "/two", "CreateDir");
  put(drive + "/two/not listed", "");
  const Json expected = Json::array(
      {listed("test-kit:test.os/conformance/two", "Directory"), listed("test-kit:test.os/conformance/one", "File")});
  EXPECT_EQ(listing(drive), expected);
  EXPECT_EQ(listing("test-kit:test.os//conformance/./"), expected);
  EXPECT_EQ(listing("test-kit:test.os/conformance/two"),
            Json::array({listed("test-kit:test.os/conformance/two/not listed", "File")}));
  EXPECT_EQ(vfs(actor, expected[1]["path"].get<std::string>(), "Read"), R"("Read")");
}

TEST_F(Vfs, ReadDirAnswersToTheLetter) {
  EXPECT_EQ(vfs(actor, drive, "ReadDir"), R"({"ReadDir":[]})");
  put(file, "");
  EXPECT_EQ(vfs(actor, drive, "ReadDir"),
            R"({"ReadDir":[{"path":"test-kit:test.os/conformance/file","file_type":"File"}]})");
  EXPECT_EQ(vfs(actor, drive + "/nothing", "ReadDir"), not_found);
  EXPECT_EQ(vfs(actor, file, "ReadDir"), not_a_directory);
}

TEST_F(Vfs, RemoveDirRemovesWhatIsEmpty) {
  vfs_ok(actor, drive + "/full/part", "CreateDirAll");
  EXPECT_EQ(vfs(actor, drive + "/full", "RemoveDir"), not_empty);
  EXPECT_EQ(vfs(actor, drive + "/full/part", "RemoveDir"), ok);
  EXPECT_EQ(vfs(actor, drive + "/full", "RemoveDir"), ok);
  EXPECT_EQ(vfs(actor, drive + "/full", "RemoveDir"), not_found);
  put(file, "");
  EXPECT_EQ(vfs(actor, file, "RemoveDir"), not_a_directory);
  EXPECT_EQ(vfs(actor, drive, "RemoveDirAll"), ok);
}

TEST_F(Vfs, RemoveDirAllRemovesWithAllInIt) {
  vfs_ok(actor, drive + "/a/b", "CreateDirAll");
  put(drive + "/a/b/file", "x");
  EXPECT_EQ(vfs(actor, drive + "/a", "RemoveDirAll"), ok);
  EXPECT_EQ(vfs(actor, drive, "ReadDir"), R"({"ReadDir":[]})");
  EXPECT_EQ(vfs(actor, drive + "/a", "RemoveDirAll"), not_found);
  EXPECT_EQ(vfs(actor, drive, "RemoveDirAll"), ok);
  EXPECT_EQ(vfs(actor, drive, "ReadDir"), not_found);
}

// ---- files by path ---------------------------------------------------------------------------------

TEST_F(Vfs, WriteReplacesTheWholeFile) {
  EXPECT_EQ(vfs(actor, file, "Write", {{"blob", "long content"}}), ok);
  EXPECT_EQ(vfs(actor, file, "Write", {{"blob", "short"}}), ok);
  EXPECT_EQ(content(file), "short");
  EXPECT_EQ(vfs(actor, file, "Write", {{"blob", ""}}), ok);
  EXPECT_EQ(content(file), "");
  EXPECT_EQ(vfs(actor, file, "Write"), no_blob);
  EXPECT_EQ(vfs(actor, drive + "/no/such", "Write", {{"blob", "x"}}), not_found);
  vfs_ok(actor, drive + "/folder", "CreateDir");
  EXPECT_EQ(vfs(actor, drive + "/folder", "Write", {{"blob", "x"}}), is_a_directory);
}

TEST_F(Vfs, ReadGivesTheBytesInABlob) {
  vfs_ok(actor, file, "Write", {{"blob", {{"hex", "00c3ff0a"}}}});
  const Json event = ask_vfs(actor, file, "Read");
  EXPECT_EQ(event["body"], R"("Read")");
  EXPECT_EQ(event["blob"]["mime"], "application/octet-stream");
  EXPECT_EQ(event["blob"]["bytes"]["hex"], "00c3ff0a");
  EXPECT_EQ(vfs(actor, drive + "/nothing", "Read"), not_found);
  EXPECT_EQ(vfs(actor, drive, "Read"), is_a_directory);
}

TEST_F(Vfs, RemoveFileRemovesAFile) {
  put(file, "x");
  EXPECT_EQ(vfs(actor, file, "RemoveFile"), ok);
  EXPECT_EQ(vfs(actor, file, "RemoveFile"), not_found);
  EXPECT_EQ(vfs(actor, drive, "RemoveFile"), is_a_directory);
}

TEST_F(Vfs, RenameMovesAndReplaces) {
  put(file, "moved");
  put(drive + "/target", "replaced");
  EXPECT_EQ(vfs(actor, file, new_path("Rename", drive + "/target")), ok);
  EXPECT_EQ(content(drive + "/target"), "moved");
  EXPECT_EQ(vfs(actor, file, "Read"), not_found);
  EXPECT_EQ(vfs(actor, file, new_path("Rename", drive + "/target")), not_found);
  EXPECT_EQ(vfs(actor, drive + "/target", new_path("Rename", drive + "/no/such")), not_found);
  // Directories, and from one drive to another.
  vfs_ok(actor, drive + "/folder", "CreateDir");
  put(drive + "/folder/in it", "x");
  EXPECT_EQ(vfs(actor, drive + "/folder", new_path("Rename", "test-kit:test.os/tmp/moved")), ok);
  EXPECT_EQ(content("/test-kit:test.os/tmp/moved/in it"), "x");
  vfs_ok(actor, "/test-kit:test.os/tmp/moved", "RemoveDirAll");
}

TEST_F(Vfs, V6_AfterRenameAndRemoveNoHandleShowsTheOldFile) {
  put(file, "old file");
  put(drive + "/target", "old target");
  vfs_ok(actor, file, open_file(false));
  vfs_ok(actor, drive + "/target", open_file(false));
  vfs_ok(actor, file, new_path("Rename", drive + "/target"));
  EXPECT_EQ(rest(drive + "/target"), "old file");
  put(file, "new file");
  EXPECT_EQ(rest(file), "new file");
  vfs_ok(actor, file, "RemoveFile");
  EXPECT_EQ(vfs(actor, file, "ReadToEnd"), not_found);
  vfs_ok(actor, drive + "/folder", "CreateDir");
  put(drive + "/folder/below", "below");
  vfs_ok(actor, drive + "/folder/below", open_file(false));
  vfs_ok(actor, drive + "/folder", "RemoveDirAll");
  EXPECT_EQ(vfs(actor, drive + "/folder/below", "ReadToEnd"), not_found);
}

TEST_F(Vfs, CopyFileCopiesContentAndPermissions) {
  put(file, "copied");
  const std::filesystem::path host = node().home() / "vfs/test-kit:test.os/conformance";
  std::filesystem::permissions(host / "file", std::filesystem::perms(0640));
  put(drive + "/target", "what was there before, and longer");
  EXPECT_EQ(vfs(actor, file, new_path("CopyFile", drive + "/target")), ok);
  EXPECT_EQ(content(drive + "/target"), "copied");
  EXPECT_EQ(content(file), "copied");
  EXPECT_EQ(std::filesystem::status(host / "target").permissions(), std::filesystem::perms(0640));
  EXPECT_EQ(vfs(actor, file, new_path("CopyFile", file)), ok);
  EXPECT_EQ(content(file), "copied");
  EXPECT_EQ(vfs(actor, drive + "/nothing", new_path("CopyFile", file)), not_found);
  EXPECT_EQ(vfs(actor, file, new_path("CopyFile", drive + "/no/such")), not_found);
}

TEST_F(Vfs, MetadataAnswersToTheLetter) {
  put(file, "12345");
  EXPECT_EQ(vfs(actor, file, "Metadata"), R"({"Metadata":{"file_type":"File","len":5}})");
  const Json of_drive = Json::parse(vfs(actor, drive, "Metadata"));
  EXPECT_EQ(of_drive["Metadata"]["file_type"], "Directory");
  EXPECT_TRUE(of_drive["Metadata"]["len"].is_number_unsigned());
  EXPECT_EQ(vfs(actor, drive + "/nothing", "Metadata"), not_found);
}

// ---- archives --------------------------------------------------------------------------------------

TEST_F(Vfs, V9_AddZipUnpacksWithAndWithoutEntriesForDirectories) {
  vfs_ok(actor, drive + "/zip", "Write",
         {{"blob",
           {{"hex",
             hex(zip({{"folder/", ""}, {"folder/one", "1"}, {"deep/er/two", "2"}, {"three", ""}, {"empty/", ""}}))}}}});
  EXPECT_EQ(vfs(actor, drive + "/unpacked/here", "AddZip"), no_blob);
  const Json results = act(actor, steps(await_vfs(drive + "/zip", "Read"),
                                        await_vfs(drive + "/unpacked/here", "AddZip", {{"inherit", true}})));
  EXPECT_EQ(results[1]["body"], ok);
  EXPECT_EQ(content(drive + "/unpacked/here/folder/one"), "1");
  EXPECT_EQ(content(drive + "/unpacked/here/deep/er/two"), "2");
  EXPECT_EQ(content(drive + "/unpacked/here/three"), "");
  EXPECT_EQ(vfs(actor, drive + "/unpacked/here/empty", "ReadDir"), R"({"ReadDir":[]})");
}

TEST_F(Vfs, AddZipReplacesFilesAndKeepsOthers) {
  put(file, "from before");
  put(drive + "/other", "stays");
  EXPECT_EQ(add_zip(drive, {{"file", "from the zip"}}), ok);
  EXPECT_EQ(content(file), "from the zip");
  EXPECT_EQ(content(drive + "/other"), "stays");
}

TEST_F(Vfs, S8_AddZipWritesNothingOfAnArchiveThatLeadsOut) {
  put("/test-kit:test.os/tmp/victim", "safe");
  for (const std::string name : {"../tmp/victim", "../../test-kit:test.os/tmp/victim", "/etc/kinode-victim",
                                 "a/../../x", "..", "..\\victim", "folder/..", "\\absolute"}) {
    const std::string answer = add_zip(drive, {{"good", "x"}, {name, "bad"}});
    const Json error = Json::parse(answer)["Err"]["ParseError"];
    EXPECT_TRUE(error["error"].is_string()) << answer;
    EXPECT_EQ(error["path"], "test-kit:test.os/conformance") << answer;
    EXPECT_EQ(error.size(), 2) << answer;
    EXPECT_EQ(vfs(actor, drive, "ReadDir"), R"({"ReadDir":[]})") << name;
  }
  EXPECT_EQ(content("/test-kit:test.os/tmp/victim"), "safe");
  EXPECT_FALSE(std::filesystem::exists("/etc/kinode-victim"));
}

TEST_F(Vfs, AddZipOfSomethingElseIsAParseError) {
  EXPECT_TRUE(
      Json::parse(vfs(actor, drive, "AddZip", {{"blob", "this is no zip"}}))["Err"]["ParseError"]["error"].is_string());
  std::string cut = zip({{"file", "content"}});
  cut.resize(cut.size() / 2);
  EXPECT_TRUE(Json::parse(vfs(actor, drive, "AddZip", {{"blob", {{"hex", hex(cut)}}}}))["Err"].contains("ParseError"));
  EXPECT_EQ(vfs(actor, drive, "ReadDir"), R"({"ReadDir":[]})");
}

TEST_F(Vfs, AddZipOfADamagedEntryIsAnUnzipError) {
  std::string damaged = zip({{"good", "x"}, {"file", "content"}});
  damaged[damaged.find("content")] = 'C';
  EXPECT_EQ(vfs(actor, drive, "AddZip", {{"blob", {{"hex", hex(damaged)}}}}), R"({"Err":"UnzipError"})");
  EXPECT_EQ(vfs(actor, file, "Read"), not_found);
}

// ---- order, and what is whole ----------------------------------------------------------------------

TEST_F(Vfs, G1_RequestsOfOneProcessAreDoneInOrder) {
  for (int round = 0; round < 20; ++round) {
    put(file, "");
    std::string expected;
    Json requests = Json::array();
    for (char letter = 'a'; letter <= 'z'; ++letter) {
      expected += letter;
      requests.push_back({{"to", vfs_id},
                          {"body", conformance::vfs(file, letter == 'm' ? "CloseFile" : "Append")},
                          {"blob", std::string(1, letter)}});
    }
    expected.erase(expected.find('m'), 1);
    const Json results = act(actor, steps(step("send_many", {{"requests", requests}}), await_vfs(file, "Read")));
    EXPECT_EQ(results[1]["blob"]["bytes"], expected);
  }
}

// Two contents of one file, by what the actor reports of them.
class VfsContents : public Vfs {
 protected:
  [[nodiscard]] std::string sum() const { return ask_vfs(actor, file, "Read")["blob"]["bytes"]["sum"]; }
  void SetUp() override {
    Vfs::SetUp();
    vfs_ok(actor, file, "Write", {{"blob", a}});
    sums.insert(sum());
    vfs_ok(actor, file, "Write", {{"blob", b}});
    sums.insert(sum());
  }
  /// Has `plain` replace the file over and over.
  void begin_to_replace(size_t times) const {
    node().begin(
        plain,
        steps(repeat(times, steps(await_vfs(file, "Write", {{"blob", a}}), await_vfs(file, "Write", {{"blob", b}})))));
  }
  const Json a = {{"size", 3000000}, {"fill", "a"}};
  const Json b = {{"size", 2000000}, {"fill", "b"}};
  std::set<std::string> sums;
};

TEST_F(VfsContents, AFileThatIsReplacedIsSeenWholeInOneFormOrTheOther) {
  ASSERT_EQ(sums.size(), 2);
  begin_to_replace(40);
  for (const Json& result : act(actor, Json(60, await_vfs(file, "Read")))) {
    EXPECT_TRUE(sums.contains(result["blob"]["bytes"]["sum"].get<std::string>())) << result;
  }
  act(plain, steps("our"));  // it is done
}

TEST_F(VfsContents, ACrashLeavesAFileWholeAndNothingBeside) {
  for (int round = 0; round < 5; ++round) {
    begin_to_replace(1000);
    // It is at it.
    while (Json::parse(vfs(actor, file, "Metadata"))["Metadata"]["len"] != 3000000) {
    }
    node().kill9();
    node().start();
    EXPECT_TRUE(sums.contains(sum()));
    EXPECT_EQ(vfs(actor, drive, "ReadDir"),
              R"({"ReadDir":[{"path":"test-kit:test.os/conformance/file","file_type":"File"}]})");
    EXPECT_TRUE(std::filesystem::is_empty(node().home() / "vfs/.staging"));
    vfs_ok(actor, file, "Write", {{"blob", b}});
  }
}

// ---- answers ---------------------------------------------------------------------------------------

TEST_F(Vfs, SuccessBringsTheMetadataBackAndAnErrorDoesNot) {
  put(file, "x");
  EXPECT_EQ(ask_vfs(actor, file, "Metadata", {{"metadata", "mine"}})["metadata"], "mine");
  EXPECT_EQ(ask_vfs(actor, file, "Read", {{"metadata", "mine"}})["metadata"], "mine");
  EXPECT_EQ(ask_vfs(actor, drive + "/nothing", "Read", {{"metadata", "mine"}})["metadata"], nullptr);
}

TEST_F(Vfs, SuccessGoesToWhomTheRequestWasInheritedFromAndAnErrorToNobody) {
  put(file, "passed on");
  auto pass_on = [&](const std::string& path) {
    return await(plain, script(send(vfs_id, conformance::vfs(path, "Read"), {{"inherit", true}}), hold()),
                 {{"expects", 2}});
  };
  const Json event = one(actor, pass_on(file));
  EXPECT_EQ(event["source"], address(vfs_id));
  EXPECT_EQ(event["blob"]["bytes"], "passed on");
  EXPECT_EQ(one(actor, pass_on(drive + "/nothing"))["error"], "Timeout");
}

TEST_F(Vfs, WhatIsNoRequestIsMalformed) {
  for (const std::string body :
       {"", "no json", "{}", R"({"path":"/test-kit:test.os/tmp"})", R"({"action":"Read"})",
        R"({"path":"/test-kit:test.os/tmp/x","action":"Fly"})", R"({"path":7,"action":"Read"})",
        R"({"path":"/test-kit:test.os/tmp/x","action":{"OpenFile":{}}})",
        R"({"path":"/test-kit:test.os/tmp/x","action":{"OpenFile":{"create":1}}})",
        R"({"path":"/test-kit:test.os/tmp/x","action":{"Seek":{"Middle":1}}})",
        R"({"path":"/test-kit:test.os/tmp/x","action":{"Seek":{"Start":-1}}})",
        R"({"path":"/test-kit:test.os/tmp/x","action":{"SetLen":-1}})",
        R"({"path":"/test-kit:test.os/tmp/x","action":{"ReadExact":{"length":1.5}}})",
        R"({"path":"/test-kit:test.os/tmp/x","action":{"Rename":{}}})", R"({"path":"/x","action":"Read"} more)"}) {
    EXPECT_EQ(one(actor, await(vfs_id, body))["body"], R"({"Err":"MalformedRequest"})") << body;
  }
}

TEST_F(Vfs, UnknownFieldsAndNullOfAUnitActionAreFine) {
  put(file, "x");
  EXPECT_EQ(one(actor, await(vfs_id, {{"path", file}, {"action", {{"Read", nullptr}}}, {"more", 1}}))["body"],
            R"("Read")");
}

}  // namespace
}  // namespace kinode::conformance
