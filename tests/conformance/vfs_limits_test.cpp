// vfs:distro:sys: what a package's drives may hold, ranges of files, and that a large file holds up nobody.

#include "vfs_suite.h"

namespace kinode::conformance {
namespace {

class VfsLimits : public VfsFiles<VfsLimits> {
 public:
  static NodeOptions node_options() {
    NodeOptions options = VfsSuite::node_options();
    options.more = {"--drive-quota", "16777216"};
    return options;
  }
};

constexpr uint64_t mebibyte = uint64_t{1} << 20U;

TEST_F(VfsLimits, AFullDriveIsAnErrorThatSaysWhatToDoAndRoomComesBack) {
  const Json six = {{"size", 6 * mebibyte}, {"fill", "x"}};
  vfs_ok(actor, drive + "/one", "Write", {{"blob", six}});
  vfs_ok(actor, drive + "/two", "Write", {{"blob", six}});
  const std::string refused = vfs(actor, drive + "/three", "Write", {{"blob", six}});
  for (const char* part : {R"({"Err":{"IOError":"the drives of test-kit:test.os are full: they hold )",
                           " of 16777216 bytes, and 6291456 more do not fit. Remove files", "--drive-quota"}) {
    EXPECT_NE(refused.find(part), std::string::npos) << refused;
  }
  EXPECT_EQ(vfs(actor, drive + "/three", "Read"), not_found);
  EXPECT_EQ(vfs(actor, drive + "/one", "Write", {{"blob", six}}), ok) << "replaced by as much";
  EXPECT_EQ(vfs(other, "/other-kit:test.os/mine", "CreateDrive"), ok);
  EXPECT_EQ(vfs(other, "/other-kit:test.os/mine/file", "Write", {{"blob", six}}), ok) << "another package's";
  EXPECT_EQ(vfs(actor, drive + "/two", "RemoveFile"), ok);
  EXPECT_EQ(vfs(actor, drive + "/three", "Write", {{"blob", six}}), ok);
}

TEST_F(VfsLimits, WhatADriveHoldsIsCountedAnewAfterARestart) {
  vfs_ok(actor, file, "Write", {{"blob", {{"size", 10 * mebibyte}, {"fill", "x"}}}});
  node().kill9();
  node().start();
  EXPECT_NE(vfs(actor, file, {{"SetLen", 17 * mebibyte}}).find("are full"), std::string::npos);
  EXPECT_EQ(vfs(actor, file, {{"SetLen", 1}}), ok);
}

Json read_range(uint64_t offset, uint64_t length) { return {{"ReadRange", {{"offset", offset}, {"length", length}}}}; }

TEST_F(VfsLimits, ARangeIsReadWithoutHandleAndCursor) {
  put(file, "0123456789");
  vfs_ok(actor, file, seek("Start", 3));
  const Json event = ask_vfs(actor, file, read_range(7, 2));
  EXPECT_EQ(event["body"], R"("Read")");
  EXPECT_EQ(event["blob"]["bytes"], "78");
  EXPECT_EQ(ask_vfs(actor, file, read_range(8, 100))["blob"]["bytes"], "89");
  EXPECT_EQ(ask_vfs(actor, file, read_range(UINT64_MAX, UINT64_MAX))["blob"]["bytes"], "");
  EXPECT_EQ(rest(file), "3456789");
  EXPECT_EQ(vfs(actor, drive + "/nothing", read_range(0, 1)), not_found);
  EXPECT_EQ(vfs(actor, drive, read_range(0, 1)), is_a_directory);
  EXPECT_EQ(vfs(other, file, read_range(0, 1)), no_read);
}

}  // namespace
}  // namespace kinode::conformance
