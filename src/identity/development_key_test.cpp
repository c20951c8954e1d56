#include "identity/development_key.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace kinode::identity {
namespace {

namespace fs = std::filesystem;

class DevelopmentKey : public testing::Test {
 protected:
  ~DevelopmentKey() override { fs::remove_all(home_); }

  static fs::path make_folder() {
    std::string name = (fs::temp_directory_path() / "development-key-XXXXXX").string();
    return ::mkdtemp(name.data());
  }

  const fs::path home_ = make_folder();
  const fs::path path_ = home_ / ".development-key";
};

TEST_F(DevelopmentKey, IsMadeOnceAndKept) {
  EXPECT_FALSE(has_development_key(home_));
  EXPECT_FALSE(read_development_key(home_).value().has_value());
  const crypto::PublicKey made = development_key(home_).value().public_key();
  EXPECT_TRUE(has_development_key(home_));
  EXPECT_EQ(development_key(home_).value().public_key(), made);
  EXPECT_EQ(read_development_key(home_).value().value().public_key(), made);
  EXPECT_EQ(std::distance(fs::directory_iterator(home_), fs::directory_iterator()), 1) << "nothing is left over";
  forget_development_key(home_);
  EXPECT_NE(development_key(home_).value().public_key(), made);
}

TEST_F(DevelopmentKey, IsForTheOwnerAlone) {
  std::ofstream(path_.string() + ".draft") << "of a writer that did not end, readable by all";
  fs::permissions(path_.string() + ".draft", fs::perms(0644));
  const mode_t mask = ::umask(0);
  const bool made = development_key(home_).has_value();
  ::umask(mask);
  ASSERT_TRUE(made);
  EXPECT_EQ(fs::status(path_).permissions(), fs::perms(0600));
}

TEST_F(DevelopmentKey, FollowsNoLink) {
  const fs::path elsewhere = home_ / "elsewhere";
  std::ofstream(elsewhere) << std::string(32, 'k');
  fs::create_symlink(elsewhere, path_);
  EXPECT_FALSE(read_development_key(home_));
  EXPECT_FALSE(development_key(home_));
  fs::remove(path_);
  fs::create_symlink(elsewhere, path_.string() + ".draft");
  ASSERT_TRUE(development_key(home_)) << "what somebody put in the draft's place goes";
  EXPECT_EQ(fs::file_size(elsewhere), 32U);
  EXPECT_FALSE(fs::is_symlink(path_));
}

TEST_F(DevelopmentKey, OneOfAnotherLengthIsRefusedAndStays) {
  for (const size_t size : {size_t{0}, size_t{31}, size_t{33}}) {
    std::ofstream(path_) << std::string(size, 'k');
    Result<crypto::SigningKey> key = development_key(home_);
    ASSERT_FALSE(key) << size;
    EXPECT_NE(key.error().message.find("32 bytes"), std::string::npos) << key.error().message;
    EXPECT_EQ(fs::file_size(path_), size);
  }
}

}  // namespace
}  // namespace kinode::identity
