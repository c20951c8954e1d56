#include "identity/keyfile_store.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "identity/sealed_keyfile.h"

namespace kinode::identity {
namespace {

namespace fs = std::filesystem;

fs::path make_folder() {
  std::string name = (fs::temp_directory_path() / "keyfile-XXXXXX").string();
  return ::mkdtemp(name.data());
}

class KeyfileStore : public testing::Test {
 protected:
  ~KeyfileStore() override { fs::remove_all(home_); }

  [[nodiscard]] std::string text() const { return std::string(read_keyfile(home_).value().value().text()); }

  const fs::path home_ = make_folder();
  const fs::path path_ = home_ / ".keys";
};

TEST_F(KeyfileStore, WritesReadsAndReplaces) {
  EXPECT_EQ(read_keyfile(home_).value(), std::nullopt);
  ASSERT_TRUE(write_keyfile(home_, Bytes::copy_of("first")));
  EXPECT_EQ(text(), "first");
  ASSERT_TRUE(write_keyfile(home_, Bytes::copy_of("second, longer")));
  EXPECT_EQ(text(), "second, longer");
  ASSERT_TRUE(write_keyfile(home_, Bytes::copy_of("third")));
  EXPECT_EQ(text(), "third");
  EXPECT_EQ(std::distance(fs::directory_iterator(home_), fs::directory_iterator()), 1) << "nothing is left over";
}

TEST_F(KeyfileStore, IsForTheOwnerAlone) {
  std::ofstream(path_) << "old, readable by all";
  fs::permissions(path_, fs::perms(0644));
  const mode_t mask = ::umask(0277);
  const bool written = write_keyfile(home_, Bytes::copy_of("new")).has_value();
  ::umask(mask);
  ASSERT_TRUE(written);
  EXPECT_EQ(fs::status(path_).permissions(), fs::perms(0600));
}

TEST_F(KeyfileStore, WhatABrokenWriterLeftIsNoHindrance) {
  std::ofstream(home_ / ".keys.new") << "half";
  ASSERT_TRUE(write_keyfile(home_, Bytes::copy_of("whole")));
  EXPECT_EQ(text(), "whole");
}

TEST_F(KeyfileStore, LinksAreNotFollowed) {
  const fs::path elsewhere = home_ / "elsewhere";
  std::ofstream(elsewhere) << "content";
  fs::create_symlink(elsewhere, path_);
  EXPECT_FALSE(read_keyfile(home_));
  EXPECT_FALSE(write_keyfile(home_, Bytes::copy_of("new")));
  EXPECT_TRUE(fs::is_symlink(path_));
  fs::remove(path_);

  fs::create_symlink(elsewhere, home_ / ".keys.new");
  ASSERT_TRUE(write_keyfile(home_, Bytes::copy_of("new")));
  std::string content;
  std::ifstream(elsewhere) >> content;
  EXPECT_EQ(content, "content") << "not written through the link";
}

TEST_F(KeyfileStore, WhatIsNoFileIsRefused) {
  fs::create_directory(path_);
  EXPECT_FALSE(read_keyfile(home_));
  EXPECT_FALSE(write_keyfile(home_, Bytes::copy_of("new")));
  fs::remove(path_);
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_FALSE(read_keyfile(home_)) << "and nobody waits for a pipe";
}

TEST_F(KeyfileStore, ReadsAtMostAMebibyte) {
  std::ofstream(path_) << std::string(max_keyfile_size, 'x');
  EXPECT_TRUE(read_keyfile(home_));
  std::ofstream(path_, std::ios::app) << "x";
  EXPECT_FALSE(read_keyfile(home_));
}

TEST_F(KeyfileStore, AMissingHomeIsAnErrorWithItsPath) {
  Result<void> written = write_keyfile(home_ / "none", Bytes::copy_of("new"));
  ASSERT_FALSE(written);
  EXPECT_NE(written.error().message.find("none/.keys"), std::string::npos) << written.error().message;
}

}  // namespace
}  // namespace kinode::identity
