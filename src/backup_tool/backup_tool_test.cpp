// The commands on a stopped home, with restic and remotes that are folders.
#include "backup_tool/backup_tool.h"

#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "backup_tool/show.h"
#include "identity/development_key.h"
#include "identity/keyfile_store.h"
#include "identity/sealing.h"
#include "kernel/testing/temp_folder.h"
#include "modules/state/rocks_journal.h"

namespace kinode::backup_tool {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

struct Ran {
  int status = 0;
  std::string out;
  std::string err;
};

class BackupTool : public testing::Test {
 protected:
  BackupTool() { ::unsetenv("KINODE_PASSWORD"); }

  /// A home as a development node leaves it.
  void make_home() {
    fs::create_directories(home);
    ASSERT_TRUE(identity::development_key(home.string()));
    auto journal = modules::RocksJournal::open(home);
    ASSERT_TRUE(journal);
    kernel::Batch batch;
    batch.put("meta/node", Bytes::copy_of(std::string_view("alice.dev")));
    batch.put("state/main:chat:alice.dev", Bytes::copy_of(std::string_view("a state")));
    ASSERT_TRUE((*journal)->write(batch));
    fs::create_directories(home / "vfs/chat:alice.dev/kept");
    std::ofstream(home / "vfs/chat:alice.dev/kept/file") << "content";
  }
  Ran run(bool is_backup, const std::vector<std::string>& words) {
    std::ostringstream out;
    std::ostringstream err;
    const identity_tool::AskPassword ask = [this](const std::string& prompt) -> Result<crypto::Secret> {
      prompts.push_back(prompt);
      return crypto::Secret::copy_of(prompts.size() % 2 == 0 ? second_typed : typed);
    };
    const int status = is_backup ? run_backup(words, out, err, ask) : run_restore(words, out, err, ask);
    return {status, out.str(), err.str()};
  }
  Ran backup(std::vector<std::string> words) {
    words.insert(words.end(), {"--home", home.string()});
    return run(true, words);
  }
  Ran restore(const std::vector<std::string>& words) { return run(false, words); }
  static std::string read(const fs::path& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  kernel::testing::TempFolder folder;
  const fs::path home = folder.path() / "home";
  const std::string remote = (folder.path() / "remote").string();
  std::string typed = "a password";
  std::string second_typed = "a password";
  std::vector<std::string> prompts;
};

TEST_F(BackupTool, KeepsAndBringsBackAHome) {
  make_home();
  Ran ran = backup({"add", "disk", remote});
  ASSERT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(prompts.size(), 2U) << "a new password is typed twice";
  ran = backup({"now"});
  ASSERT_EQ(ran.status, 0) << ran.out << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("disk: the snapshot is there"));
  EXPECT_EQ(prompts.size(), 2U) << "the node's own key is enough";
  EXPECT_THAT(backup({"status"}).out, HasSubstr("last"));
  EXPECT_THAT(backup({"list"}).out, HasSubstr("disk"));

  const fs::path fresh = folder.path() / "fresh";
  ran = restore({"--from", remote, fresh.string()});
  ASSERT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(read(fresh / "vfs/chat:alice.dev/kept/file"), "content");
  EXPECT_EQ(read(fresh / ".development-key"), read(home / ".development-key"));
  EXPECT_FALSE(fs::exists(folder.path() / ".fresh.restoring"));
  ran = restore({"--from", remote, "--process", "main:chat:alice.dev", "--to", (folder.path() / "state").string()});
  ASSERT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(read(folder.path() / "state"), "a state");
}

TEST_F(BackupTool, PutsADriveBackInPlace) {
  make_home();
  ASSERT_EQ(backup({"add", "disk", remote}).status, 0);
  ASSERT_EQ(backup({"now"}).status, 0);
  std::ofstream(home / "vfs/chat:alice.dev/kept/file") << "spoilt";
  std::ofstream(home / "vfs/chat:alice.dev/kept/later") << "spoilt";
  const Ran ran = restore({"--from", "disk", "--drive", "chat:alice.dev/kept", "--in-place", home.string()});
  ASSERT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(read(home / "vfs/chat:alice.dev/kept/file"), "content");
  EXPECT_FALSE(fs::exists(home / "vfs/chat:alice.dev/kept/later"));
  fs::remove_all(home / "vfs/chat:alice.dev");
  ASSERT_EQ(restore({"--from", "disk", "--drive", "chat:alice.dev/kept", "--in-place", home.string()}).status, 0);
  EXPECT_EQ(read(home / "vfs/chat:alice.dev/kept/file"), "content");
  EXPECT_FALSE(fs::exists(home / "backup/.drive.restoring"));
  EXPECT_THAT(restore({"--from", "disk", "--drive", "chat:alice.dev/other", "--in-place", home.string()}).err,
              HasSubstr("has no drive chat:alice.dev/other"));
}

TEST_F(BackupTool, ARepositoryIsJoinedByWhoKnowsItsPassword) {
  make_home();
  ASSERT_EQ(backup({"add", "disk", remote}).status, 0);
  fs::remove(home / "backup.toml");
  fs::remove(home / ".development-key");  // another node
  ASSERT_TRUE(identity::development_key(home.string()));
  typed = second_typed = "another";
  EXPECT_THAT(backup({"add", "disk", remote}).err, HasSubstr("neither this node's key nor the password opens it"));
  EXPECT_FALSE(fs::exists(home / "backup.toml"));
  typed = second_typed = "a password";
  ASSERT_EQ(backup({"add", "disk", remote}).status, 0);
  EXPECT_EQ(backup({"now"}).status, 0);
}

TEST_F(BackupTool, AnExportedKeyfileOpensTheRepository) {
  make_home();
  fs::remove(home / ".development-key");
  const identity::Keyfile keyfile = identity::make_keyfile("alice.dev", {});
  const auto sealed = [](const identity::Keyfile& of, const std::string& with) {
    return identity::seal(of, with, identity::Sealing::simulation).value();
  };
  ASSERT_TRUE(identity::write_keyfile(home, sealed(keyfile, typed)));
  Ran ran = backup({"add", "disk", remote});
  ASSERT_EQ(ran.status, 0) << ran.err;
  ran = backup({"now"});
  ASSERT_EQ(ran.status, 0) << ran.out << ran.err;
  fs::remove_all(home);

  // Exported under another password, which the repository does not know: it is the key in it that opens.
  typed = second_typed = "of the export";
  const std::string exported = (folder.path() / "exported").string();
  std::ofstream(exported, std::ios::binary) << sealed(keyfile, typed).text();
  const std::string fresh = (folder.path() / "fresh").string();
  EXPECT_THAT(restore({"--from", remote, fresh}).err, HasSubstr("the password does not open the repository"));
  ran = restore({"--from", remote, "--keyfile", exported, fresh});
  ASSERT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(read(fs::path(fresh) / "vfs/chat:alice.dev/kept/file"), "content");
  typed = second_typed = "a password";
  EXPECT_TRUE(identity::unseal(Bytes::copy_of(read(fs::path(fresh) / ".keys")), typed)) << "the home's own came back";

  const std::string other = (folder.path() / "other").string();
  std::ofstream(other, std::ios::binary) << sealed(identity::make_keyfile("alice.dev", {}), typed).text();
  const std::string none = (folder.path() / "none").string();
  EXPECT_THAT(restore({"--from", remote, "--keyfile", other, none}).err,
              HasSubstr("the password does not open the repository"))
      << "of another key, although under the repository's password";
  typed = second_typed = "mistyped";
  EXPECT_THAT(restore({"--from", remote, "--keyfile", exported, none}).err,
              HasSubstr("the password does not open " + exported));
  EXPECT_EQ(restore({"--from", remote, "--keyfile", none, none}).status, 1);
  EXPECT_FALSE(fs::exists(none));
}

TEST_F(BackupTool, TwoPasswordsThatDifferMakeNothing) {
  make_home();
  second_typed = "mistyped";
  EXPECT_THAT(backup({"add", "disk", remote}).err, HasSubstr("the two passwords differ"));
  EXPECT_FALSE(fs::exists(remote));
}

TEST_F(BackupTool, WrongWordsAreRefusedBeforeAnythingIsAsked) {
  EXPECT_THAT(backup({"now"}).err, HasSubstr("is not the home of a node"));
  make_home();
  EXPECT_EQ(backup({"add", "disk"}).status, 2);
  EXPECT_EQ(backup({"add", "Disk!", remote}).status, 1);
  EXPECT_THAT(backup({"add", "disk", "somewhere"}).err, HasSubstr("is not the address of a repository"));
  EXPECT_THAT(backup({"add", "disk", remote, "--environment", "KINODE_NOT_SET"}).err, HasSubstr("is not set"));
  EXPECT_THAT(backup({"add", "disk", remote, "--option", "x"}).err, HasSubstr("is no option of restic"));
  EXPECT_THAT(backup({"now"}).err, HasSubstr("there is no remote"));
  EXPECT_EQ(backup({"verify", "--percent", "0"}).status, 2);
  EXPECT_EQ(backup({"forget", "--snapshot", "abc"}).status, 2);
  EXPECT_EQ(restore({"--from", remote}).status, 2);
  EXPECT_EQ(restore({"--from", remote, "--drive", "a:b/c", home.string()}).status, 2);
  EXPECT_EQ(restore({"--from", remote, "--drive", "a:b/c", "--process", "a:b:c", "--to", "x"}).status, 2);
  EXPECT_THAT(restore({"--from", remote, home.string()}).err, HasSubstr("is not empty"));
  EXPECT_TRUE(prompts.empty());
}

TEST(BackupShow, SaysHowItStands) {
  EXPECT_EQ(status_text({{"error", nullptr}, {"remotes", nlohmann::json::object()}}),
            "no remote: add one with kinode backup add\n");
  const nlohmann::json remote = {{"url", "/disk"},
                                 {"last", nullptr},
                                 {"pending_since", "2026-11-25T13:52:24Z"},
                                 {"activity", "backup"},
                                 {"percent", 7U},
                                 {"last_error", {{"text", "nobody answers"}, {"time", "2026-11-25T13:52:25Z"}}}};
  EXPECT_EQ(status_text({{"error", nullptr}, {"remotes", {{"disk", remote}}}}),
            "disk  /disk\n"
            "  last       none yet\n"
            "  now        backup, 7 %\n"
            "  pending    since 2026-11-25T13:52:24Z\n"
            "  error      2026-11-25T13:52:25Z  nobody answers\n");
  EXPECT_EQ(size_text(1023), "1023 bytes");
  EXPECT_EQ(size_text(1536), "1.5 KiB");
}

}  // namespace
}  // namespace kinode::backup_tool
