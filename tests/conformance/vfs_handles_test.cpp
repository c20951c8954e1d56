// vfs:distro:sys: files by handle, and the cursor that all share (modules.md 2.4). V: defects of the first client
// that are repaired here.

#include "vfs_suite.h"

namespace kinode::conformance {
namespace {

class VfsHandles : public VfsFiles<VfsHandles> {};

TEST_F(VfsHandles, OpenFileMakesAFileIfTold) {
  EXPECT_EQ(vfs(actor, file, open_file(false)), not_found);
  EXPECT_EQ(vfs(actor, file, open_file(true)), ok);
  EXPECT_EQ(content(file), "");
  vfs_ok(actor, file, "Write", {{"blob", "kept"}});
  EXPECT_EQ(vfs(actor, file, open_file(true)), ok);
  EXPECT_EQ(rest(file), "kept");
  EXPECT_EQ(vfs(actor, drive, open_file(false)), is_a_directory);
  EXPECT_EQ(vfs(actor, drive + "/no/such", open_file(true)), not_found);
}

TEST_F(VfsHandles, CreateFileMakesAnEmptyFile) {
  put(file, "gone");
  EXPECT_EQ(vfs(actor, file, "CreateFile"), ok);
  EXPECT_EQ(content(file), "");
  EXPECT_EQ(vfs(actor, drive + "/no/such", "CreateFile"), not_found);
}

TEST_F(VfsHandles, OpenFilePutsTheCursorToTheStart) {
  put(file, "0123456789");
  vfs_ok(actor, file, seek("Start", 4));
  EXPECT_EQ(rest(file), "456789");
  EXPECT_EQ(rest(file), "");
  vfs_ok(actor, file, open_file(false));
  EXPECT_EQ(rest(file), "0123456789");
}

TEST_F(VfsHandles, CloseFileForgetsTheCursor) {
  put(file, "0123456789");
  vfs_ok(actor, file, seek("Start", 4));
  EXPECT_EQ(vfs(actor, file, "CloseFile"), ok);
  EXPECT_EQ(rest(file), "0123456789");
  EXPECT_EQ(vfs(actor, drive + "/never opened", "CloseFile"), ok);
}

TEST_F(VfsHandles, WriteAllWritesAtTheCursor) {
  put(file, "0123456789");
  vfs_ok(actor, file, seek("Start", 3));
  EXPECT_EQ(vfs(actor, file, "WriteAll", {{"blob", "abc"}}), ok);
  EXPECT_EQ(rest(file), "6789");
  EXPECT_EQ(content(file), "012abc6789");
  EXPECT_EQ(vfs(actor, file, "WriteAll", {{"blob", "end"}}), ok);
  EXPECT_EQ(content(file), "012abc6789end");
  EXPECT_EQ(vfs(actor, drive + "/nothing", "WriteAll", {{"blob", "x"}}), not_found);
  EXPECT_EQ(vfs(actor, file, "WriteAll"), no_blob);
}

TEST_F(VfsHandles, AppendWritesAtTheEndWhereverTheCursorIs) {
  put(file, "0123456789");
  vfs_ok(actor, file, seek("Start", 3));
  EXPECT_EQ(vfs(actor, file, "Append", {{"blob", "abc"}}), ok);
  EXPECT_EQ(content(file), "0123456789abc");
  // It ends at the end.
  EXPECT_EQ(vfs(actor, file, seek("Current", 0)), R"({"SeekFrom":{"new_offset":13}})");
  EXPECT_EQ(vfs(actor, drive + "/nothing", "Append", {{"blob", "x"}}), not_found);
  EXPECT_EQ(vfs(actor, file, "Append"), no_blob);
}

TEST_F(VfsHandles, WriteAndReadByPathLeaveTheCursor) {
  put(file, "0123456789");
  vfs_ok(actor, file, seek("Start", 4));
  vfs_ok(actor, file, "Write", {{"blob", "abcdefghij"}});
  EXPECT_EQ(content(file), "abcdefghij");
  EXPECT_EQ(rest(file), "efghij");
}

TEST_F(VfsHandles, SeekAnswersTheNewOffset) {
  put(file, "0123456789");
  EXPECT_EQ(vfs(actor, file, seek("Start", 4)), R"({"SeekFrom":{"new_offset":4}})");
  EXPECT_EQ(vfs(actor, file, seek("Current", -1)), R"({"SeekFrom":{"new_offset":3}})");
  EXPECT_EQ(vfs(actor, file, seek("Current", 2)), R"({"SeekFrom":{"new_offset":5}})");
  EXPECT_EQ(vfs(actor, file, seek("End", -2)), R"({"SeekFrom":{"new_offset":8}})");
  EXPECT_EQ(rest(file), "89");
  EXPECT_EQ(vfs(actor, file, seek("End", 5)), R"({"SeekFrom":{"new_offset":15}})");
  EXPECT_EQ(rest(file), "");
  EXPECT_EQ(vfs(actor, file, seek("End", -11)), invalid);
  EXPECT_EQ(vfs(actor, file, seek("Start", ~uint64_t{0})), invalid);
  EXPECT_EQ(vfs(actor, file, seek("Current", 0)), R"({"SeekFrom":{"new_offset":15}})");
  EXPECT_EQ(vfs(actor, drive + "/nothing", seek("Start", 0)), not_found);
}

TEST_F(VfsHandles, WritingPastTheEndFillsWithZeros) {
  put(file, "ab");
  vfs_ok(actor, file, seek("End", 2));
  vfs_ok(actor, file, "WriteAll", {{"blob", "c"}});
  EXPECT_EQ(content(file), std::string("ab\0\0c", 5));
}

TEST_F(VfsHandles, ReadToEndGivesTheRestInABlob) {
  put(file, "0123456789");
  vfs_ok(actor, file, seek("Start", 7));
  const Json event = ask_vfs(actor, file, "ReadToEnd");
  EXPECT_EQ(event["body"], R"("Read")");
  EXPECT_EQ(event["blob"]["bytes"], "789");
  EXPECT_EQ(event["blob"]["mime"], "application/octet-stream");
  EXPECT_EQ(ask_vfs(actor, file, "ReadToEnd")["blob"]["bytes"], "");
}

TEST_F(VfsHandles, ReadExactGivesSoManyBytesOrAnError) {
  put(file, "0123456789");
  EXPECT_EQ(ask_vfs(actor, file, read_exact(4))["blob"]["bytes"], "0123");
  const Json event = ask_vfs(actor, file, read_exact(4));
  EXPECT_EQ(event["body"], R"("Read")");
  EXPECT_EQ(event["blob"]["bytes"], "4567");
  EXPECT_EQ(vfs(actor, file, read_exact(3)), early_eof);
  EXPECT_EQ(ask_vfs(actor, file, read_exact(0))["blob"]["bytes"], "");
}

TEST_F(VfsHandles, V5_ReadExactOfMoreThanThereIsTakesNoMemory) {
  put(file, "0123456789");
  EXPECT_EQ(vfs(actor, file, read_exact(~uint64_t{0})), early_eof);
  EXPECT_EQ(vfs(actor, file, read_exact(uint64_t{1} << 40U)), early_eof);
  // Not even where the file says that it has it.
  vfs_ok(actor, file, {{"SetLen", uint64_t{1} << 35U}});
  vfs_ok(actor, file, open_file(false));
  EXPECT_TRUE(Json::parse(vfs(actor, file, read_exact(uint64_t{1} << 34U)))["Err"].contains("IOError"));
  EXPECT_TRUE(Json::parse(vfs(actor, file, "Read"))["Err"].contains("IOError"));
}

TEST_F(VfsHandles, ReadToStringAnswersTextInTheBody) {
  put(file, "x \"quoted\" \n ü");
  vfs_ok(actor, file, seek("Start", 2));
  const Json event = ask_vfs(actor, file, "ReadToString");
  EXPECT_EQ(event["body"], "{\"ReadToString\":\"\\\"quoted\\\" \\n ü\"}");
  EXPECT_EQ(event["has_blob"], false);
  vfs_ok(actor, file, "Write", {{"blob", {{"hex", "61ff62"}}}});
  vfs_ok(actor, file, open_file(false));
  EXPECT_EQ(vfs(actor, file, "ReadToString"), io_error("stream did not contain valid UTF-8"));
}

TEST_F(VfsHandles, LenAndSetLenLeaveTheCursor) {
  put(file, "0123456789");
  vfs_ok(actor, file, seek("Start", 4));
  EXPECT_EQ(vfs(actor, file, "Len"), R"({"Len":10})");
  EXPECT_EQ(vfs(actor, file, {{"SetLen", 6}}), ok);
  EXPECT_EQ(rest(file), "45");
  EXPECT_EQ(vfs(actor, file, {{"SetLen", 8}}), ok);
  EXPECT_EQ(content(file), std::string("012345\0\0", 8));
  EXPECT_EQ(vfs(actor, file, {{"SetLen", ~uint64_t{0}}}), invalid);
  EXPECT_EQ(vfs(actor, drive, "Len"), is_a_directory);
  EXPECT_EQ(vfs(actor, drive + "/nothing", "Len"), not_found);
}

TEST_F(VfsHandles, HashIsOfTheWholeFileAndLeavesTheCursorAtTheEnd) {
  put(file, "abc");
  vfs_ok(actor, file, seek("Start", 1));
  EXPECT_EQ(vfs(actor, file, "Hash"), R"({"Hash":[186,120,22,191,143,1,207,234,65,65,64,222,93,174,34,35,)"
                                      R"(176,3,97,163,150,23,122,156,180,16,255,97,242,0,21,173]})");
  EXPECT_EQ(rest(file), "");
  EXPECT_EQ(vfs(actor, drive, "Hash"), is_a_directory);
}

TEST_F(VfsHandles, SyncAllAnswersWhenItIsOnDisk) {
  put(file, "x");
  EXPECT_EQ(vfs(actor, file, "SyncAll"), ok);
  EXPECT_EQ(vfs(actor, drive + "/nothing", "SyncAll"), not_found);
}

TEST_F(VfsHandles, TwoProcessesShareACursor) {
  put(file, "0123456789");
  vfs_ok(actor, file, seek("Start", 4));
  EXPECT_EQ(ask_vfs(plain, file, read_exact(2))["blob"]["bytes"], "45");
  EXPECT_EQ(rest(file), "6789");
}

TEST_F(VfsHandles, V1_V2_V3_MoreFilesThanHandlesKeepTheirCursors) {
  constexpr size_t count = 1500;
  Json list = steps();
  for (size_t i = 0; i < count; ++i) {
    list.push_back(await_vfs(file + std::to_string(i), "Write", {{"blob", "ab"}}));
    list.push_back(await_vfs(file + std::to_string(i), seek("Start", i % 2)));
  }
  act(actor, list);
  list = steps();
  for (size_t i = 0; i < count; ++i) {
    list.push_back(await_vfs(file + std::to_string(i), "ReadToString"));
  }
  const Json results = act(actor, list);
  for (size_t i = 0; i < count; ++i) {
    EXPECT_EQ(results[i]["body"], i % 2 == 0 ? R"({"ReadToString":"ab"})" : R"({"ReadToString":"b"})") << i;
  }
  // And a file made anew begins at its start (V3).
  vfs_ok(actor, file + "1", "CreateFile");
  vfs_ok(actor, file + "1", "WriteAll", {{"blob", "new"}});
  EXPECT_EQ(content(file + "1"), "new");
}

TEST_F(VfsHandles, V4_WhatWasAnsweredIsSeenByPath) {
  put(file, "");
  Json list = steps();
  for (size_t i = 0; i < 100; ++i) {
    list.push_back(await_vfs(file, "Append", {{"blob", "x"}}));
    list.push_back(await_vfs(file, "Metadata"));
  }
  const Json results = act(actor, list);
  for (size_t i = 0; i < 100; ++i) {
    EXPECT_EQ(Json::parse(results[2 * i + 1]["body"].get<std::string>())["Metadata"]["len"], i + 1);
  }
}

}  // namespace
}  // namespace kinode::conformance
