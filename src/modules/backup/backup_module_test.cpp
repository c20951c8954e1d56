#include "modules/backup/backup_module.h"

#include <gmock/gmock.h>

#include "kernel/testing/temp_folder.h"
#include "kernel/testing/test_node.h"
#include "modules/backup/backup_api.h"

namespace kinode::modules {
namespace {

using kernel::testing::Puppet;
using kernel::testing::TestNode;
using testing::HasSubstr;
using namespace std::chrono_literals;

struct Setting {
  Setting() {
    node.kernel.add_module(BackupModule::id(), false, [this](kernel::ProcessContext& context) {
      return std::make_unique<BackupModule>(context, backups);
    });
    node.run();
  }
  Puppet& add(std::string_view id) {
    Puppet& puppet = node.add_puppet(id);
    node.connect(puppet.address(), node.local("backup:distro:sys"));
    return puppet;
  }
  /// The answer, which may come from another thread.
  std::string ask(Puppet& puppet, std::string_view body) {
    puppet.request(node.local("backup:distro:sys"), body, 10);
    do {
      node.run();
    } while (puppet.received() == 0 && node.executor.wait_ready(10s));
    const std::unique_ptr<kernel::Envelope> answer = puppet.take();
    return answer && answer->kind == kernel::Envelope::Kind::response ? std::string(answer->response().body.text())
                                                                      : "no response";
  }

  TestNode node;
  kernel::testing::TempFolder home;
  crypto::Secret password = crypto::Secret::copy_of(std::string_view("a password"));
  kernel::testing::SeededRandom random{1};
  backup::RemoteWorker::Node parts{
      .home = home.path(),
      .name = "test.os",
      .password = password,
      .take_snapshot = [](Instant /*since*/,
                          const std::stop_token& /*stop*/) { return Result<backup::Tree>(fail("no snapshots here")); },
      .report = [](const std::string& /*line*/) {},
      .random = random};
  backup::Backups backups{parts};
};

TEST(BackupModule, AnswersToWhomMayAsk) {
  Setting it;
  Puppet& app = it.add("app:test:sys");
  EXPECT_THAT(it.ask(app, R"("Status")"), HasSubstr("app:test:sys may not ask for backups"));
  Puppet& pretender = it.add("http-server:distro:sys.evil");
  EXPECT_THAT(it.ask(pretender, R"("Status")"), HasSubstr("may not ask for backups"));
  Puppet& owner = it.add("http-server:distro:sys");
  EXPECT_EQ(it.ask(owner, R"("Status")"), R"({"Status":{"error":null,"version":2,"remotes":{}}})");
  EXPECT_EQ(it.ask(owner, R"("Reload")"), R"("Reloaded")");
  EXPECT_THAT(it.ask(owner, R"({"Now":{}})"), HasSubstr("there is no remote: add one"));
  EXPECT_THAT(it.ask(owner, R"({"List":{"remote":"disk"}})"), HasSubstr("there is no remote `disk`"));
  EXPECT_THAT(it.ask(owner, "nonsense"), HasSubstr(R"({"Err":")"));
}

TEST(BackupModule, StartsWhatItIsToldAndGivesTickets) {
  Setting it;
  backup::Settings settings;
  settings.every.reset();
  settings.remotes.resize(1);
  settings.remotes[0].name = "disk";
  settings.remotes[0].repository.url = (it.home.path() / "nowhere").string();
  ASSERT_TRUE(backup::write_settings(it.home.path(), settings));
  Puppet& owner = it.add("main:terminal:sys");
  EXPECT_EQ(it.ask(owner, R"("Reload")"), R"("Reloaded")");
  EXPECT_EQ(it.ask(owner, R"({"Now":{"remote":"disk"}})"), R"({"Started":{"disk":1}})");
  EXPECT_EQ(it.ask(owner, R"({"Verify":{"percent":5}})"), R"({"Started":{"disk":2}})");
  EXPECT_THAT(it.ask(owner, R"({"List":{"remote":"disk"}})"), HasSubstr("there is no repository at"));
}

TEST(BackupModule, TellsOfAChangeWhenThereIsOne) {
  Setting it;
  Puppet& owner = it.add("main:terminal:sys");
  Puppet& other = it.add("other:terminal:sys");
  EXPECT_THAT(it.ask(owner, R"({"Status":{"after":1}})"), HasSubstr(R"("version":2)"));
  owner.request(it.node.local("backup:distro:sys"), R"({"Status":{"after":2}})", 10);
  it.node.run();
  EXPECT_EQ(owner.received(), 0U) << "nothing has changed";
  EXPECT_EQ(it.ask(other, R"("Reload")"), R"("Reloaded")");
  it.node.run();
  const std::unique_ptr<kernel::Envelope> answer = owner.take();
  ASSERT_TRUE(answer && answer->kind == kernel::Envelope::Kind::response);
  EXPECT_EQ(answer->response().body.text(), R"({"Status":{"error":null,"version":3,"remotes":{}}})");
}

TEST(BackupApi, WhatIsNoRequestIsRefused) {
  for (const char* body : {"", "{", "null", "1", R"("Now")", R"({"Now":{"remote":1}})", R"({"List":{}})", R"("Add")",
                           R"({"Verify":{"percent":0}})", R"({"Verify":{"percent":101}})",
                           R"({"Forget":{"snapshot":"abc"}})", R"({"Status":1})", R"({"Status":{"after":-1}})"}) {
    EXPECT_FALSE(parse_backup_request(body)) << body;
  }
  for (const char* body :
       {R"("Status")", R"({"Status":null})", R"({"Status":{"after":1}})", R"({"Now":{}})", R"({"Now":{"remote":null}})",
        R"({"Forget":{"remote":"a","snapshot":"abc"}})", R"({"Verify":{}})"}) {
    EXPECT_TRUE(parse_backup_request(body)) << body;
  }
}

}  // namespace
}  // namespace kinode::modules
