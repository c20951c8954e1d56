// The sources that follow files: a peers file, a development network.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>

#include "registry/devnet.h"
#include "registry/peers_file.h"

namespace kinode::registry {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

/// What came, in order; waits for the next.
class Inbox {
 public:
  void add(std::string text) {
    std::scoped_lock lock(mutex_);
    texts_.push_back(std::move(text));
    came_.notify_all();
  }
  std::string next() {
    std::unique_lock lock(mutex_);
    if (!came_.wait_for(lock, std::chrono::seconds(20), [&] { return !texts_.empty(); })) {
      return "nothing came";
    }
    std::string text = texts_.front();
    texts_.erase(texts_.begin());
    return text;
  }

 private:
  std::mutex mutex_;
  std::condition_variable came_;
  std::vector<std::string> texts_;
};

class Sources : public testing::Test {
 protected:
  Sources() {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    fs::permissions(folder_, fs::perms::owner_all);
    registry_.on_change([this](const std::string& name) { changes_.add(name); });
  }
  ~Sources() override { fs::remove_all(folder_); }

  static Identity identity_of(std::string name) { return {std::move(name), "", {"127.0.0.1", {{"ws", 9'000}}}, {}}; }
  std::function<void(const std::string&)> report() {
    return [this](const std::string& line) { complaints_.add(line); };
  }
  void write(const std::string& name, const std::string& text) const { std::ofstream(folder_ / name) << text; }

  const fs::path folder_ = fs::temp_directory_path() / ("sources-test-" + std::to_string(::getpid()));
  const crypto::SigningKey key_ = crypto::SigningKey::generate();
  Inbox changes_;
  Inbox complaints_;
  Registry registry_;
};

TEST_F(Sources, APeersFileIsReadAndReadAgain) {
  write("peers.toml", write_record({identity_of("a.os"), 1}, key_));
  auto peers = PeersFile::watch(folder_ / "peers.toml", registry_, report());
  ASSERT_TRUE(peers) << peers.error().message;
  EXPECT_NE(registry_.find("a.os"), nullptr);  // at once
  EXPECT_EQ(changes_.next(), "a.os");
  write("draft", write_record({identity_of("b.os"), 1}, key_));
  fs::rename(folder_ / "draft", folder_ / "peers.toml");
  EXPECT_EQ(changes_.next(), "b.os");
  EXPECT_EQ(changes_.next(), "a.os");
  EXPECT_EQ(registry_.find("a.os"), nullptr);
}

TEST_F(Sources, ABrokenPeersFileLeavesWhatIsKnownAndIsComplainedOfOnce) {
  write("peers.toml", write_record({identity_of("a.os"), 1}, key_));
  auto peers = PeersFile::watch(folder_ / "peers.toml", registry_, report());
  ASSERT_TRUE(peers);
  write("peers.toml", "[[node");
  EXPECT_THAT(complaints_.next(), HasSubstr("peers.toml, line 1"));
  EXPECT_NE(registry_.find("a.os"), nullptr);
}

TEST_F(Sources, APeersFileMayComeLater) {
  auto peers = PeersFile::watch(folder_ / "peers.toml", registry_, report());
  ASSERT_TRUE(peers);
  write("peers.toml", write_record({identity_of("a.os"), 1}, key_));
  EXPECT_EQ(changes_.next(), "a.os");
}

TEST_F(Sources, NodesOfADevnetFindEachOther) {
  auto a = Devnet::join(folder_, "a.dev");
  auto b = Devnet::join(folder_, "b.dev");
  ASSERT_TRUE(a && b);
  ASSERT_TRUE((*a)->publish(identity_of("a.dev"), key_));
  ASSERT_TRUE((*b)->follow(registry_, report()));
  EXPECT_EQ(registry_.find("a.dev")->key, key_.public_key());
  EXPECT_EQ(changes_.next(), "a.dev");
  *a = nullptr;
  EXPECT_EQ(changes_.next(), "a.dev");
  EXPECT_EQ(registry_.find("a.dev"), nullptr);
  EXPECT_EQ(registry_.find("b.dev"), nullptr);  // itself
}

TEST_F(Sources, ANameIsTakenOnceInADevnet) {
  auto first = Devnet::join(folder_, "a.dev");
  ASSERT_TRUE(first);
  EXPECT_THAT(Devnet::join(folder_, "a.dev").error().message, HasSubstr("a node named a.dev runs"));
  *first = nullptr;
  EXPECT_TRUE(Devnet::join(folder_, "a.dev"));
}

TEST_F(Sources, WhatIsWrongInADevnetIsSaidOnce) {
  auto devnet = Devnet::join(folder_, "a.dev");
  write("b.dev.toml", "[[node");
  ASSERT_TRUE((*devnet)->follow(registry_, report()));
  EXPECT_THAT(complaints_.next(), HasSubstr("b.dev.toml, line 1"));
  write("c.dev.toml", write_record({identity_of("c.dev"), 1}, key_));
  EXPECT_EQ(changes_.next(), "c.dev");
  write("d.dev.toml", "[[node");
  EXPECT_THAT(complaints_.next(), HasSubstr("d.dev.toml, line 1"));  // not b.dev's alone, again
}

TEST_F(Sources, AFileOfADevnetSpeaksForItsNameAlone) {
  auto devnet = Devnet::join(folder_, "a.dev");
  write("b.dev.toml", write_record({identity_of("c.dev"), 1}, key_) + write_record({identity_of("b.dev"), 1}, key_));
  ASSERT_TRUE((*devnet)->follow(registry_, report()));
  EXPECT_NE(registry_.find("b.dev"), nullptr);
  EXPECT_EQ(registry_.find("c.dev"), nullptr);
}

TEST_F(Sources, ADevnetsFolderMustBeUsable) {
  write("file", "");
  EXPECT_THAT(Devnet::join(folder_ / "file", "a.dev").error().message, HasSubstr("cannot make the folder"));
  fs::permissions(folder_, fs::perms::owner_all | fs::perms::others_write);
  EXPECT_THAT(Devnet::join(folder_, "a.dev").error().message, HasSubstr("chmod go-w"));
}

}  // namespace
}  // namespace kinode::registry
