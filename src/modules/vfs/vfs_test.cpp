// The files of a node without messages, as boot uses them.
#include "modules/vfs/vfs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "modules/vfs/testing/temporary_home.h"
#include "package/archive.h"

namespace kinode::modules::vfs {
namespace {

using testing::bytes_of;
using ::testing::HasSubstr;
using testing::TemporaryHome;

class BootFilesTest : public ::testing::Test {
 protected:
  BootFilesTest() : vfs_(Vfs::open(home_.path()).value()) {}
  static Bytes zip_of(const std::vector<std::pair<std::string, std::string>>& files) {
    package::ArchiveWriter writer;
    for (const auto& [name, content] : files) {
      EXPECT_TRUE(writer.add_file(name, Bytes::copy_of(content)));
    }
    return writer.finish().value();
  }
  std::string read(std::string_view path) {
    auto bytes = vfs_->read(path);
    return bytes ? std::string(bytes->text()) : "-";
  }

  TemporaryHome home_;
  std::unique_ptr<Vfs> vfs_;
  PackageId chat_{"chat", "a.os"};
};

TEST_F(BootFilesTest, WritesWithParentsReadsAndRemoves) {
  ASSERT_TRUE(vfs_->write("/chat:a.os/files/deep/x", bytes_of("content")));
  EXPECT_TRUE(vfs_->exists("/chat:a.os/files/deep/x"));
  EXPECT_EQ(read("chat:a.os/files/deep/x"), "content");
  EXPECT_TRUE(vfs_->remove_tree("/chat:a.os/files"));
  EXPECT_TRUE(vfs_->remove_tree("/chat:a.os/files")) << "what is not there is no error";
  EXPECT_FALSE(vfs_->exists("/chat:a.os/files"));
  EXPECT_THAT(vfs_->read("/chat:a.os/files/x").error().message, HasSubstr("chat:a.os/files/x: No such file"));
  EXPECT_TRUE(vfs_->make_dir("/chat:a.os/files/x"));
}

TEST_F(BootFilesTest, C17_AHandleThatLeadsOutIsRefused) {
  std::ofstream(home_.path() + "/secret") << "secret";
  for (const char* handle : {"/chat:a.os/pkg/../../../secret", "//secret", "/../secret", "/etc/passwd"}) {
    EXPECT_EQ(read(handle), "-") << handle;
  }
}

TEST_F(BootFilesTest, InstallsAPackageWithItsZip) {
  Bytes zip = zip_of({{"manifest.json", "[]"}, {"ui/index.html", "<html>"}});
  ASSERT_TRUE(vfs_->install_package(chat_, zip));
  EXPECT_EQ(read("/chat:a.os/pkg/ui/index.html"), "<html>");
  EXPECT_EQ(*vfs_->read("/chat:a.os/pkg/chat:a.os.zip"), zip);
}

TEST_F(BootFilesTest, V10_WhatProcessesPutIntoPkgStays) {
  ASSERT_TRUE(vfs_->install_package(chat_, zip_of({{"manifest.json", "[]"}, {"old/x", "1"}, {"old/y", "2"}})));
  ASSERT_TRUE(vfs_->write("/chat:a.os/pkg/persisted.css", bytes_of("mine")));
  ASSERT_TRUE(vfs_->write("/chat:a.os/pkg/old/mine", bytes_of("mine")));
  ASSERT_TRUE(vfs_->install_package(chat_, zip_of({{"manifest.json", "[1]"}, {"old/y", "3"}})));
  EXPECT_EQ(read("/chat:a.os/pkg/manifest.json"), "[1]");
  EXPECT_EQ(read("/chat:a.os/pkg/persisted.css"), "mine");
  EXPECT_EQ(read("/chat:a.os/pkg/old/mine"), "mine");
  EXPECT_EQ(read("/chat:a.os/pkg/old/y"), "3");
  EXPECT_EQ(read("/chat:a.os/pkg/old/x"), "-") << "came with the zip before, is in this one no more";
}

TEST_F(BootFilesTest, APackageThatIsInPlaceIsNotWrittenAgain) {
  Bytes zip = zip_of({{"manifest.json", "[]"}, {"main.wasm", "code"}});
  ASSERT_TRUE(vfs_->install_package(chat_, zip));
  auto time = std::filesystem::last_write_time(home_.host("chat:a.os/pkg/main.wasm"));
  std::filesystem::last_write_time(home_.host("chat:a.os/pkg/main.wasm"), time - std::chrono::hours(1));
  ASSERT_TRUE(vfs_->install_package(chat_, zip));
  EXPECT_EQ(std::filesystem::last_write_time(home_.host("chat:a.os/pkg/main.wasm")), time - std::chrono::hours(1));
  std::filesystem::remove(home_.host("chat:a.os/pkg/main.wasm"));
  ASSERT_TRUE(vfs_->install_package(chat_, zip));
  EXPECT_EQ(read("/chat:a.os/pkg/main.wasm"), "code") << "what is missing comes back";
}

TEST_F(BootFilesTest, MakesTheDirectoryOfWasi) {
  auto tmp = vfs_->host_tmp_dir(chat_);
  ASSERT_TRUE(tmp) << tmp.error().message;
  EXPECT_TRUE(std::filesystem::is_directory(*tmp));
  EXPECT_TRUE(tmp->ends_with("/vfs/chat:a.os/tmp"));
  EXPECT_EQ(*vfs_->host_tmp_dir(chat_), *tmp);
}

TEST_F(BootFilesTest, AHomeThatCannotBeUsedIsAnError) {
  std::ofstream(home_.path() + "/file") << "1";
  EXPECT_FALSE(Vfs::open(home_.path() + "/file"));
}

}  // namespace
}  // namespace kinode::modules::vfs
