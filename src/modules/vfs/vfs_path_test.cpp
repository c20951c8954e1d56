#include "modules/vfs/vfs_path.h"

#include <gtest/gtest.h>

namespace kinode::modules::vfs {
namespace {

std::string normal(std::string_view text) {
  auto path = VfsPath::parse(text);
  return path ? path->text() : "-";
}

TEST(VfsPathTest, HasAPackageADriveAndTheRest) {
  auto path = VfsPath::parse("/chat:a.os/files/x/y.txt");
  ASSERT_TRUE(path);
  EXPECT_EQ(path->package(), PackageId("chat", "a.os"));
  EXPECT_EQ(path->drive(), "files");
  EXPECT_EQ(path->rest(), "x/y.txt");
  EXPECT_EQ(path->capability_drive(), "/chat:a.os/files");
  EXPECT_EQ(path->package_part(), "chat:a.os");
  EXPECT_EQ(VfsPath::parse("/chat:a.os/files")->rest(), "");
  EXPECT_EQ(path->drive_root().text(), "chat:a.os/files");
  EXPECT_EQ(path->drive_root().below("z").text(), "chat:a.os/files/z");
  EXPECT_EQ(VfsPath::of_drive(PackageId("chat", "a.os"), "files"), path->drive_root());
}

TEST(VfsPathTest, IsNormalisedBeforeItIsJudged) {
  EXPECT_EQ(normal("a:b/d"), "a:b/d");
  EXPECT_EQ(normal("\\/\\a:b/d"), "a:b/d");
  EXPECT_EQ(normal("//a:b//d/./e/"), "a:b/d/e");
  EXPECT_EQ(normal("/a:b/d/../../c:d/e/f"), "c:d/e/f");
  EXPECT_EQ(VfsPath::parse("/a:b/d/../../c:d/e/f")->capability_drive(), "/c:d/e");
  EXPECT_EQ(normal("/a:b/d/x\\..\\y"), "a:b/d/x\\..\\y");
}

TEST(VfsPathTest, WhatLeavesTheRootIsMalformed) {
  for (const char* text : {"..", "/..", "/../a:b/d", "/a:b/../../c:d/e", "/a:b/d/../../../vfs/a:b/d"}) {
    EXPECT_EQ(normal(text), "-") << text;
  }
}

TEST(VfsPathTest, WhatNamesNoDriveIsMalformed) {
  for (const char* text : {"", "/", "/a:b", "/a:b/d/..", "/ab/d", "/a:b:c/d", "/:b/d", "/a:/d", "/.staging/x"}) {
    EXPECT_EQ(normal(text), "-") << text;
  }
  EXPECT_EQ(normal(std::string_view("/a:b/d/\0x", 9)), "-");
}

TEST(VfsPathTest, OnlyTheEmptyPathNamesTheRoot) {
  for (const char* text : {"", "/", "\\", "/./", "/a:b/.."}) {
    EXPECT_TRUE(VfsPath::names_root(text)) << text;
  }
  EXPECT_FALSE(VfsPath::names_root("/.."));
  EXPECT_FALSE(VfsPath::names_root("/a:b"));
}

}  // namespace
}  // namespace kinode::modules::vfs
