#include "backup/settings.h"

#include <gmock/gmock.h>

#include "kernel/testing/temp_folder.h"

namespace kinode::backup {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

Remote remote(std::string name, std::string url) {
  Remote made;
  made.name = std::move(name);
  made.repository.url = std::move(url);
  return made;
}

TEST(BackupSettings, WithoutAFileAreTheDefaults) {
  kernel::testing::TempFolder home;
  Result<Settings> settings = read_settings(home.path());
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->every, 1h);
  EXPECT_TRUE(settings->remotes.empty());
}

TEST(BackupSettings, ComeBackAsTheyWereWritten) {
  kernel::testing::TempFolder home;
  Settings settings;
  settings.every = 90min;
  settings.verify_every.reset();
  settings.retention = {.last = 3, .daily = 8};
  settings.remotes = {remote("disk", "/mnt/\"disk\""), remote("store", "s3:http://host/bucket")};
  settings.remotes[1].repository.environment = {{"AWS_ACCESS_KEY_ID", "a key"}};
  settings.remotes[1].environment_from = {{"AWS_SECRET_ACCESS_KEY", "KINODE_TEST_SECRET"}};
  settings.remotes[1].repository.options = {{"s3.region", "x"}};
  ASSERT_TRUE(write_settings(home.path(), settings));
  Result<Settings> read = read_settings(home.path());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->every, 90min);
  EXPECT_EQ(read->verify_every, std::nullopt);
  EXPECT_EQ(read->retention, settings.retention);
  EXPECT_EQ(read->remotes, settings.remotes);
  EXPECT_EQ(read->find("store"), &read->remotes[1]);
  EXPECT_EQ(read->find("none"), nullptr);
  const std::filesystem::perms others = std::filesystem::perms::group_all | std::filesystem::perms::others_all;
  EXPECT_EQ(std::filesystem::status(home.path() / settings_file).permissions() & others, std::filesystem::perms::none);

  setenv("KINODE_TEST_SECRET", "of the environment", 1);
  EXPECT_EQ(read->remotes[1].resolved().environment.at("AWS_SECRET_ACCESS_KEY"), "of the environment");
  unsetenv("KINODE_TEST_SECRET");
}

TEST(BackupSettings, WhatIsWrongIsNamedWithItsLine) {
  const std::pair<const char*, const char*> cases[] = {
      {"every = \"1h\"\nevry = \"1h\"", "line 2: there is no setting `evry`"},
      {"every = \"1w\"", "line 1: `every` is a time"},
      {"every = \"99999999999999999999h\"", "`every` is a time"},
      {"every = \"9999999999d\"", "`every` is a time"},
      {"every = 1", "`every` is a text"},
      {"verify_percent = 101", "from 0 to 100"},
      {"[retention]\nlast = -1", "line 2: `last` is a number"},
      {"retention = 1", "`retention` is a table"},
      {"remote = 1", "remotes are tables"},
      {"[[remote]]\nname = \"Disk\"\nurl = \"/a\"", "'Disk' is no name"},
      {"[[remote]]\nname = \"../x\"\nurl = \"/a\"", "'../x' is no name"},
      {"[[remote]]\nname = \"a\"\nurl = \"a\"", "is not the address of a repository"},
      {"[[remote]]\nname = \"a\"\nurl = \"/a\"\n[[remote]]\nname = \"a\"\nurl = \"/b\"", "two remotes `a`"},
      {"[[remote]]\nname = \"a\"\nurl = \"/a\"\nenvironment = { A = 1 }", "`A` in `environment` is a text"},
      {"every = ", "line 1: "},
  };
  for (const auto& [text, error] : cases) {
    Result<Settings> settings = parse_settings(text, "backup.toml");
    ASSERT_FALSE(settings) << text;
    EXPECT_THAT(settings.error().message, HasSubstr(error));
  }
}

}  // namespace
}  // namespace kinode::backup
