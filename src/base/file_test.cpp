#include "base/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

namespace kinode {
namespace {

namespace fs = std::filesystem;

class File : public testing::Test {
 protected:
  ~File() override { fs::remove_all(folder_); }

  static fs::path make_folder() {
    std::string name = (fs::temp_directory_path() / "file-XXXXXX").string();
    return ::mkdtemp(name.data());
  }
  [[nodiscard]] size_t entries() const {
    return static_cast<size_t>(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }

  const fs::path folder_ = make_folder();
  const fs::path path_ = folder_ / "file";
};

TEST_F(File, IsReadAsItWasWritten) {
  EXPECT_EQ(read_file(path_, 100, Links::refused).value(), std::nullopt);
  ASSERT_TRUE(write_private_file(path_, "first", Existing::kept));
  EXPECT_EQ(read_file(path_, 100, Links::refused).value(), "first");
  ASSERT_TRUE(write_private_file(path_, "second", Existing::replaced));
  EXPECT_EQ(read_file(path_, 100, Links::followed).value(), "second");
  EXPECT_EQ(entries(), 1U) << "nothing is left over";
}

TEST_F(File, WhatIsToBeKeptStays) {
  ASSERT_TRUE(write_private_file(path_, "first", Existing::kept));
  EXPECT_NE(write_private_file(path_, "second", Existing::kept).error().message.find("there already"),
            std::string::npos);
  EXPECT_EQ(read_file(path_, 100, Links::refused).value(), "first");
  EXPECT_EQ(entries(), 1U) << "nothing is left over";
}

TEST_F(File, IsReadUpToItsLimit) {
  std::ofstream(path_) << std::string(40'000, 'x');
  EXPECT_EQ(read_file(path_, 40'000, Links::refused).value()->size(), 40'000U);
  EXPECT_NE(read_file(path_, 39'999, Links::refused).error().message.find("39999 bytes"), std::string::npos);
}

TEST_F(File, OnlyFilesAreReadAndReplaced) {
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_FALSE(read_file(path_, 100, Links::followed)) << "and nobody waits for a pipe";
  EXPECT_FALSE(write_private_file(path_, "new", Existing::replaced));
  EXPECT_FALSE(read_file(folder_, 100, Links::followed));
  EXPECT_EQ(entries(), 1U);
}

TEST_F(File, WhatOthersMayWriteToIsNotOurs) {
  struct stat status{};
  const auto check = [&] {
    ::stat(folder_.c_str(), &status);
    return check_ours(folder_, status, S_IFDIR);
  };
  EXPECT_TRUE(check());
  fs::permissions(folder_, fs::perms::owner_all | fs::perms::group_write);
  EXPECT_FALSE(check());
  fs::permissions(folder_, fs::perms::owner_all);
  ASSERT_TRUE(check());
  EXPECT_FALSE(check_ours(folder_, status, S_IFREG));
  ++status.st_uid;
  EXPECT_FALSE(check_ours(folder_, status, S_IFDIR));
}

TEST_F(File, LinksAreFollowedWhereTheyMayBe) {
  std::ofstream(path_) << "content";
  const fs::path link = folder_ / "link";
  fs::create_symlink(path_, link);
  EXPECT_EQ(read_file(link, 100, Links::followed).value(), "content");
  EXPECT_FALSE(read_file(link, 100, Links::refused));
  EXPECT_FALSE(write_private_file(link, "new", Existing::replaced));
  EXPECT_TRUE(fs::is_symlink(link));
}

}  // namespace
}  // namespace kinode
