// restic itself on folders of this machine.
#include "restic/restic.h"

#include <gmock/gmock.h>

#include <fstream>

#include "kernel/testing/temp_folder.h"

namespace kinode::restic {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

crypto::Secret secret(std::string_view text) { return crypto::Secret::copy_of(text); }

void write(const fs::path& file, std::string_view content) {
  fs::create_directories(file.parent_path());
  std::ofstream(file) << content;
}
std::string read(const fs::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

class ResticTest : public testing::Test {
 protected:
  [[nodiscard]] Repository repository(const std::string& name = "repository") const {
    return {.url = (folder.path() / name).string()};
  }
  [[nodiscard]] Restic::Settings settings() const { return {.host = "alice.os", .cache = folder.path() / "cache"}; }
  [[nodiscard]] Restic::Backup tree(const std::string& name) const {
    return {.tree = folder.path() / name, .entries = {"vfs", "kernel"}};
  }
  void make_tree(const std::string& name, std::string_view content) const {
    write(folder.path() / name / "vfs/a:b/drive/file", content);
    write(folder.path() / name / "vfs/a:b/other [x]/file", "other");
    write(folder.path() / name / "kernel/CURRENT", "kernel");
  }

  kernel::testing::TempFolder folder;
  crypto::Secret password = secret("the right one");
  Restic restic{repository(), password, settings()};
  std::stop_token stop;
};

TEST_F(ResticTest, StoresListsAndRestores) {
  ASSERT_EQ(restic.access(stop), Restic::Access::absent);
  ASSERT_TRUE(restic.init(stop));
  ASSERT_EQ(restic.access(stop), Restic::Access::opens);
  EXPECT_TRUE(restic.snapshots(stop)->empty());
  make_tree("first", "content");
  double last = -1;
  Restic::Backup wanted = tree("first");
  wanted.time = "2026-11-25 13:52:24";
  Result<Summary> summary = restic.backup(wanted, [&](const Progress& progress) { last = progress.part; }, stop);
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->files, 3U);
  EXPECT_GE(last, 0);
  EXPECT_TRUE(fs::exists(folder.path() / "cache")) << "it is told where its cache is";
  Result<std::vector<Snapshot>> list = restic.snapshots(stop);
  ASSERT_TRUE(list) << list.error().message;
  ASSERT_EQ(list->size(), 1U);
  EXPECT_TRUE(list->front().id.starts_with(summary->snapshot));
  EXPECT_EQ(list->front().time, "2026-11-25T13:52:24Z");
  EXPECT_EQ(list->front().host, "alice.os");

  const fs::path whole = folder.path() / "whole";
  ASSERT_TRUE(restic.restore(list->front().id, whole, {}, stop));
  EXPECT_EQ(read(whole / "vfs/a:b/drive/file"), "content");
  EXPECT_EQ(read(whole / "kernel/CURRENT"), "kernel");
  const fs::path part = folder.path() / "part";
  ASSERT_TRUE(restic.restore(list->front().id, part, {"/vfs/a:b/other [x]"}, stop));
  EXPECT_EQ(read(part / "vfs/a:b/other [x]/file"), "other");
  EXPECT_FALSE(fs::exists(part / "kernel"));
  EXPECT_FALSE(fs::exists(part / "vfs/a:b/drive"));
  EXPECT_GT(restic.stored_bytes(stop).value(), 0U);
}

TEST_F(ResticTest, WhatDidNotChangeIsNotReadAgainInAnotherTree) {
  ASSERT_TRUE(restic.init(stop));
  make_tree("first", "content");
  Result<Summary> first = restic.backup(tree("first"), {}, stop);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->files_read, 3U);
  // As the next checkpoint: hard links, one file new.
  fs::copy(folder.path() / "first", folder.path() / "second",
           fs::copy_options::recursive | fs::copy_options::create_hard_links);
  write(folder.path() / "second/vfs/a:b/drive/new", "new");
  Restic::Backup wanted = tree("second");
  wanted.parent = first->snapshot;
  Result<Summary> second = restic.backup(wanted, {}, stop);
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(second->files, 4U);
  EXPECT_EQ(second->files_read, 1U);
}

TEST_F(ResticTest, OptionsCountForEachCommand) {
  Repository with_option = repository();
  with_option.options = {{"sftp.command", "false"}};
  with_option.url = "sftp:nobody@host.invalid:/p";
  const Restic other(with_option, password, settings());
  const Result<Summary> backup =
      other.backup({.tree = folder.path(), .entries = {"x"}, .parent = "12345678"}, {}, stop);
  ASSERT_FALSE(backup);
  EXPECT_THAT(backup.error().message, testing::AllOf(HasSubstr("sftp"), testing::Not(HasSubstr("Could not resolve"))));
}

TEST_F(ResticTest, AWrongPasswordIsSaidToBeOne) {
  ASSERT_TRUE(restic.init(stop));
  const crypto::Secret wrong = secret("wrong");
  const Restic other(repository(), wrong, settings());
  EXPECT_EQ(other.access(stop), Restic::Access::wrong_password);
  Result<std::vector<Snapshot>> list = other.snapshots(stop);
  ASSERT_FALSE(list);
  EXPECT_THAT(list.error().message, HasSubstr("the password does not open the repository"));

  ASSERT_TRUE(restic.add_password(wrong, stop));
  EXPECT_EQ(other.access(stop), Restic::Access::opens);
  EXPECT_EQ(restic.access(stop), Restic::Access::opens);
}

TEST_F(ResticTest, ARepositoryThatIsNotThereIsSaidToBeSo) {
  Result<std::vector<Snapshot>> list = restic.snapshots(stop);
  ASSERT_FALSE(list);
  EXPECT_THAT(list.error().message, HasSubstr("there is no repository at"));
  const Restic nobody({.url = "rest:http://user:hidden@127.0.0.1:1/"}, password, settings());
  Result<Restic::Access> access = nobody.access(stop);
  ASSERT_FALSE(access);
  EXPECT_THAT(access.error().message, HasSubstr("user:***@127.0.0.1:1"));
  EXPECT_THAT(access.error().message, testing::Not(HasSubstr("hidden")));
}

TEST_F(ResticTest, DamageIsFound) {
  ASSERT_TRUE(restic.init(stop));
  make_tree("first", std::string(100'000, 'x'));
  ASSERT_TRUE(restic.backup(tree("first"), {}, stop));
  ASSERT_TRUE(restic.check(100, stop));
  for (const auto& entry : fs::recursive_directory_iterator(folder.path() / "repository" / "data")) {
    if (entry.is_regular_file()) {
      fs::permissions(entry.path(), fs::perms::owner_all);
      std::fstream pack(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
      pack.seekp(20);
      pack.put('!');
    }
  }
  Result<void> checked = restic.check(100, stop);
  ASSERT_FALSE(checked);
  EXPECT_THAT(checked.error().message, HasSubstr("If it is damaged"));
}

TEST_F(ResticTest, KeepsWhatIsToStayOfItsOwn) {
  ASSERT_TRUE(restic.init(stop));
  make_tree("first", "content");
  const Restic another(repository(), password, {.host = "bob.os"});
  for (const char* time :
       {"2026-11-20 10:00:00", "2026-11-20 11:00:00", "2026-11-21 10:00:00", "2026-11-22 10:00:00"}) {
    Restic::Backup wanted = tree("first");
    wanted.time = time;
    ASSERT_TRUE(restic.backup(wanted, {}, stop));
  }
  ASSERT_TRUE(another.backup(tree("first"), {}, stop));
  ASSERT_TRUE(restic.forget({.last = 1, .daily = 2}, stop));
  Result<std::vector<Snapshot>> list = restic.snapshots(stop);
  ASSERT_EQ(list->size(), 2U);
  EXPECT_EQ(list->front().time, "2026-11-21T10:00:00Z");
  EXPECT_EQ(another.snapshots(stop)->size(), 1U);
  ASSERT_TRUE(restic.forget({}, stop));
  EXPECT_EQ(restic.snapshots(stop)->size(), 2U);
  ASSERT_TRUE(restic.forget_snapshot(list->front().id, stop));
  EXPECT_EQ(restic.snapshots(stop)->size(), 1U);
  EXPECT_FALSE(restic.forget_snapshot("--keep-last=0", stop));
}

TEST_F(ResticTest, GoesOnAfterARunThatWasKilled) {
  ASSERT_TRUE(restic.init(stop));
  make_tree("first", "content");
  // The lock that a killed restic of this machine leaves.
  const fs::path locks = folder.path() / "repository" / "locks";
  std::stop_source kill;
  Result<Summary> killed = fail("not run");
  {
    write(folder.path() / "first/vfs/large", std::string(size_t{40} << 20, 'x'));
    killed = restic.backup(tree("first"), [&](const Progress&) { kill.request_stop(); }, kill.get_token());
  }
  EXPECT_FALSE(killed);
  ASSERT_TRUE(restic.backup(tree("first"), {}, stop));
  ASSERT_TRUE(restic.check(100, stop));  // which needs the repository for itself
  EXPECT_TRUE(fs::is_empty(locks));
}

TEST(ResticOutput, ThatIsNoneOfItsIsRefused) {
  EXPECT_TRUE(parse_snapshots("null")->empty());
  for (const char* text : {"", "{", "{}", "[{}]", "[1]", R"([{"id":"a","time":"2026","hostname":"h"}])",
                           R"([{"id":1,"time":"2026-11-25T13:53:52.7Z","hostname":"h","tags":null}])"}) {
    EXPECT_FALSE(parse_snapshots(text)) << text;
  }
  EXPECT_TRUE(parse_snapshots(R"([{"id":"a","time":"2026-11-25T13:53:52.7Z","hostname":"h","tags":null}])"));
  EXPECT_FALSE(parse_total_size(R"({"total_size":-1})"));
  EXPECT_FALSE(parse_total_size("[]"));
  for (const char* text : {"", "[]", "null", "1", R"({"message_type":1})", R"({"message_type":"other"})"}) {
    const BackupLine line = parse_backup_line(text);
    EXPECT_FALSE(line.progress || line.summary) << text;
  }
  EXPECT_EQ(parse_backup_line(R"({"message_type":"status","percent_done":1e300})").progress->part, 1);
}

TEST(ResticUrl, AreOfKnownKinds) {
  for (const char* url :
       {"/a/folder", "sftp:user@host:/p", "s3:http://host/bucket", "rest:http://host/", "rclone:r:p"}) {
    EXPECT_TRUE(check_url(url)) << url;
  }
  for (const char* url : {"", "relative", "--help", "sftp:", "http://host/", "/a\nb"}) {
    EXPECT_FALSE(check_url(url)) << url;
  }
  EXPECT_EQ(shown_url("rest:http://user:secret@host:8000/a@b"), "rest:http://user:***@host:8000/a@b");
  EXPECT_EQ(shown_url("rest:http://host/a:b@c"), "rest:http://host/a:b@c");
  EXPECT_EQ(shown_url("sftp://user@host:22//p"), "sftp://user@host:22//p");
}

}  // namespace
}  // namespace kinode::restic
