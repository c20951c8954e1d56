#include "wasm/component_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <fstream>

#include "kernel/testing/temp_folder.h"

namespace kinode::wasm {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr uid_t somebody = 12'345;

struct ComponentFilesTest : ::testing::Test {
  ComponentFiles open(uint64_t limit = 1 << 20) {
    Result<ComponentFiles> files = ComponentFiles::open(folder, limit);
    EXPECT_TRUE(files.has_value()) << files.error().message;
    return *files;
  }
  std::string refusal() {
    Result<ComponentFiles> files = ComponentFiles::open(folder, 0);
    return files ? "" : files.error().message;
  }
  static std::string check(const ComponentFiles& files, const fs::path& file) {
    Result<void> checked = files.check(file);
    return checked ? "" : checked.error().message;
  }
  /// Writes a file as if used so long ago.
  fs::path write(const ComponentFiles& files, const std::string& digest, size_t size, std::chrono::minutes ago) {
    fs::path file = files.path(digest, 1);
    EXPECT_TRUE(files.write(file, std::string(size, 'x')).has_value());
    fs::last_write_time(file, fs::file_time_type::clock::now() - ago);
    return file;
  }

  kernel::testing::TempFolder home;
  fs::path folder = home.path() / "cache" / "components";
};

TEST_F(ComponentFilesTest, MakesAFolderForItsOwnerAlone) {
  open();
  struct stat status{};
  ASSERT_EQ(stat(folder.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700U);
  open();  // again: it is there
}

TEST_F(ComponentFilesTest, AFileIsForItsOwnerAloneAndNamedByBothHashes) {
  ComponentFiles files = open();
  fs::path file = files.path("abc", 0x12);
  EXPECT_EQ(file, folder / "abc-0000000000000012.component");
  EXPECT_THAT(check(files, file), HasSubstr("No such file"));
  ASSERT_TRUE(files.write(file, "content").has_value());
  EXPECT_EQ(check(files, file), "");
  struct stat status{};
  ASSERT_EQ(stat(file.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder), {}), 1) << "nothing is left beside it";
}

TEST_F(ComponentFilesTest, AFolderThatOthersMayWriteToIsRefused) {
  open();
  for (fs::perms others : {fs::perms::group_write, fs::perms::others_write}) {
    fs::permissions(folder, fs::perms::owner_all | others);
    EXPECT_THAT(refusal(), HasSubstr("can be written to by others; to mend it: chmod go-w " + folder.string()));
  }
  fs::permissions(folder, fs::perms::owner_all | fs::perms::group_read | fs::perms::others_read);
  EXPECT_EQ(refusal(), "") << "reading does no harm";
}

TEST_F(ComponentFilesTest, AFolderOfAnotherUserIsRefused) {
  if (geteuid() != 0) {
    GTEST_SKIP() << "a file of another user is made by giving one away, which only root may: run it as root";
  }
  open();
  ASSERT_EQ(chown(folder.c_str(), somebody, somebody), 0);
  EXPECT_THAT(refusal(), HasSubstr("belongs to user 12345, not to user 0 as whom the node runs"));
}

TEST_F(ComponentFilesTest, WhatIsNoFolderIsRefused) {
  fs::create_directories(folder.parent_path());
  std::ofstream(folder) << "a file";
  EXPECT_THAT(refusal(), HasSubstr("is not a folder"));
  fs::remove(folder);
  fs::create_directory_symlink("/tmp", folder);
  EXPECT_THAT(refusal(), HasSubstr("is not a folder"));
  fs::remove(folder);
  fs::remove(folder.parent_path());
  std::ofstream(folder.parent_path()) << "a file";
  EXPECT_THAT(refusal(), HasSubstr("Not a directory"));
}

TEST_F(ComponentFilesTest, AFileThatAnotherMayHaveWrittenIsRefusedAndReplaced) {
  ComponentFiles files = open();
  fs::path file = files.path("abc", 1);
  ASSERT_TRUE(files.write(file, "content").has_value());
  fs::permissions(file, fs::perms::owner_all | fs::perms::group_write);
  EXPECT_THAT(check(files, file), HasSubstr("can be written to by others"));
  if (geteuid() == 0) {
    fs::permissions(file, fs::perms::owner_all);
    ASSERT_EQ(chown(file.c_str(), somebody, somebody), 0);
    EXPECT_THAT(check(files, file), HasSubstr("belongs to user 12345"));
  }
  ASSERT_TRUE(files.write(file, "content").has_value());
  EXPECT_EQ(check(files, file), "");
}

TEST_F(ComponentFilesTest, ALinkIsNotFollowed) {
  ComponentFiles files = open();
  fs::path real = files.path("real", 1);
  ASSERT_TRUE(files.write(real, "content").has_value());
  fs::path link = files.path("link", 1);
  fs::create_symlink(real, link);
  EXPECT_NE(check(files, link), "");
  ASSERT_TRUE(files.write(link, "other").has_value());
  EXPECT_FALSE(fs::is_symlink(link)) << "replaced";
  EXPECT_EQ(check(files, real), "") << "and what it led to is as it was";
}

TEST_F(ComponentFilesTest, WhatIsNotWholeIsDamaged) {
  ComponentFiles files = open();
  fs::path file = files.path("abc", 1);
  for (size_t size : {size_t{0}, size_t{1}, size_t{65'536}, size_t{200'000}}) {
    ASSERT_TRUE(files.write(file, std::string(size, 'x')).has_value());
    EXPECT_EQ(check(files, file), "") << size;
    fs::resize_file(file, fs::file_size(file) - 1);
    EXPECT_THAT(check(files, file), HasSubstr("is damaged")) << size;
  }
  std::ofstream(file, std::ios::trunc) << "short";
  EXPECT_THAT(check(files, file), HasSubstr("is damaged"));
}

TEST_F(ComponentFilesTest, WhenItGrowsTooLargeTheLongestUnusedGo) {
  ComponentFiles files = open(10'000);
  fs::path old = write(files, "old", 4'000, std::chrono::minutes(30));
  fs::path older = write(files, "older", 4'000, std::chrono::minutes(40));
  EXPECT_EQ(check(files, older), "") << "used just now";
  write(files, "new", 4'000, std::chrono::minutes(0));
  EXPECT_FALSE(fs::exists(old));
  EXPECT_TRUE(fs::exists(older));
  fs::path huge = write(files, "huge", 20'000, std::chrono::minutes(0));
  EXPECT_TRUE(fs::exists(huge)) << "what was just written stays, whatever its size";
  EXPECT_EQ(std::distance(fs::directory_iterator(folder), {}), 1);
}

TEST_F(ComponentFilesTest, WhatANodeLeftUnfinishedLongAgoGoes) {
  ComponentFiles files = open();
  fs::path old = folder / "abc.component.1-1.part";
  fs::path fresh = folder / "abc.component.1-2.part";
  fs::path other = folder / "README";
  for (const fs::path& path : {old, fresh, other}) {
    std::ofstream(path) << "x";
  }
  for (const fs::path& path : {old, other}) {
    fs::last_write_time(path, fs::file_time_type::clock::now() - std::chrono::hours(2));
  }
  write(files, "new", 10, std::chrono::minutes(0));
  EXPECT_FALSE(fs::exists(old));
  EXPECT_TRUE(fs::exists(fresh)) << "its node may be writing";
  EXPECT_TRUE(fs::exists(other)) << "not ours";
}

}  // namespace
}  // namespace kinode::wasm
