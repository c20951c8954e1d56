// Remotes that are folders of this machine, with restic itself.
#include "backup/backups.h"

#include <gmock/gmock.h>

#include <fstream>
#include <future>

#include "kernel/testing/seeded_random.h"
#include "kernel/testing/temp_folder.h"

namespace kinode::backup {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

class BackupsTest : public testing::Test {
 protected:
  BackupsTest() {
    fs::create_directories(home.path() / "kernel");
    std::ofstream(home.path() / "kernel" / "CURRENT") << "a store";
  }

  [[nodiscard]] Remote remote(const std::string& name) const {
    Remote made;
    made.name = name;
    made.repository.url = (home.path() / "remotes" / name).string();
    return made;
  }
  [[nodiscard]] restic::Restic restic_of(const std::string& name) const {
    return {remote(name).repository, password, {.host = "alice.os"}};
  }
  void settle(const std::vector<std::string>& names) const {
    Settings settings;
    settings.every.reset();
    settings.retry = 1h;
    for (const std::string& name : names) {
      settings.remotes.push_back(remote(name));
    }
    ASSERT_TRUE(write_settings(home.path(), settings));
  }
  Result<void> reload(Backups& backups) const {
    std::promise<Result<void>> read;
    backups.reload([&](Result<void> result) { read.set_value(std::move(result)); });
    return read.get_future().get();
  }
  /// Looks at each change of the status.
  static void until(Backups& backups, const std::function<bool()>& is_so) {
    const auto end = std::chrono::steady_clock::now() + 60s;
    while (true) {
      const uint64_t version = backups.status()["version"];
      if (is_so()) {
        return;
      }
      const auto changed = std::make_shared<std::promise<void>>();
      backups.when_changed(version, [changed] { changed->set_value(); });
      ASSERT_EQ(changed->get_future().wait_until(end), std::future_status::ready) << backups.status();
    }
  }
  static nlohmann::ordered_json status_of(const Backups& backups, const std::string& name) {
    return backups.status()["remotes"][name];
  }
  void finish(Backups& backups, const std::optional<std::string>& name, const RemoteWorker::Task& task) {
    Result<Backups::Tickets> tickets = backups.ask(name, task);
    ASSERT_TRUE(tickets) << tickets.error().message;
    for (const auto& [remote, ticket] : *tickets) {
      until(backups, [&] { return status_of(backups, remote)["done"].contains(std::to_string(ticket)); });
    }
  }

  kernel::testing::TempFolder home;
  crypto::Secret password = crypto::Secret::copy_of(std::string_view("a password"));
  kernel::testing::SeededRandom random{1};
  std::mutex mutex;
  std::vector<std::string> reported;
  RemoteWorker::Node node{
      .home = home.path(),
      .name = "alice.os",
      .password = password,
      .take_snapshot =
          [this](Instant /*since*/, const std::stop_token& /*stop*/) {
            return Result<Tree>(Tree{.folder = home.path(), .entries = {"kernel"}, .taken = utc_now()});
          },
      .report =
          [this](const std::string& line) {
            const std::lock_guard lock(mutex);
            reported.push_back(line);
          },
      .random = random};
};

TEST_F(BackupsTest, OneThatFailsHoldsBackNoOtherAndIsTriedLater) {
  settle({"bad", "good"});
  ASSERT_TRUE(restic_of("good").init({}));
  Backups backups(node);
  ASSERT_TRUE(reload(backups));
  finish(backups, std::nullopt, RemoteWorker::Backup{});
  const auto good = status_of(backups, "good");
  EXPECT_TRUE(good["last_error"].is_null()) << good;
  EXPECT_TRUE(good["pending_since"].is_null());
  EXPECT_TRUE(good["last"]["snapshot"].is_string());
  EXPECT_GT(good["stored_bytes"], 0);
  EXPECT_TRUE(good["next_try"].is_null());
  const auto bad = status_of(backups, "bad");
  EXPECT_THAT(bad["last_error"]["text"].get<std::string>(), HasSubstr("there is no repository"));
  EXPECT_FALSE(bad["pending_since"].is_null());
  EXPECT_EQ(bad["failures"], 1);
  const std::optional<Time> next = parse_utc(bad["next_try"].get<std::string>());
  EXPECT_GE(*next, utc_now() + 59min);
  EXPECT_LE(*next, utc_now() + 91min);
  const std::lock_guard lock(mutex);
  EXPECT_THAT(reported, testing::ElementsAre(HasSubstr("backup to bad: there is no repository")));
}

TEST_F(BackupsTest, StatusOutlivesARestartAndWhatIsPendingGoesOn) {
  settle({"disk"});
  {
    Backups backups(node);
    ASSERT_TRUE(reload(backups));
    finish(backups, "disk", RemoteWorker::Backup{});
  }
  RemoteStatus kept = read_status(home.path(), "disk");
  ASSERT_TRUE(kept.last_error && kept.next_try && kept.pending_since);
  kept.next_try = utc_now();  // an hour later
  ASSERT_TRUE(write_status(home.path(), "disk", kept));
  ASSERT_TRUE(restic_of("disk").init({}));
  Backups backups(node);
  ASSERT_TRUE(reload(backups));
  until(backups, [&] { return !status_of(backups, "disk")["last"].is_null(); });
  until(backups, [&] { return status_of(backups, "disk")["pending_since"].is_null(); });
  EXPECT_EQ(status_of(backups, "disk")["failures"], 0);
  EXPECT_EQ(restic_of("disk").snapshots({})->size(), 1U);
}

TEST_F(BackupsTest, AClockThatWasAheadDoesNotEndTheBackups) {
  settle({"disk"});
  ASSERT_TRUE(restic_of("disk").init({}));
  {
    Backups backups(node);
    finish(backups, "disk", RemoteWorker::Backup{});
  }
  RemoteStatus kept = read_status(home.path(), "disk");
  ASSERT_TRUE(kept.last);
  kept.last->time = utc_now() + std::chrono::years(10);
  kept.next_try = kept.last->time + 1h;
  ASSERT_TRUE(write_status(home.path(), "disk", kept));
  Result<Settings> settings = read_settings(home.path());
  settings->every = 1h;
  ASSERT_TRUE(write_settings(home.path(), *settings));
  Backups backups(node);
  until(backups, [&] { return status_of(backups, "disk")["last"]["time"] != utc_text(kept.last->time); });
  until(backups, [&] { return status_of(backups, "disk")["activity"].is_null(); });
  EXPECT_LE(*parse_utc(status_of(backups, "disk")["next_try"].get<std::string>()), utc_now() + 1h);
}

TEST_F(BackupsTest, SettingsAreTakenAtOnceAndBrokenOnesChangeNothing) {
  Backups backups(node);
  ASSERT_TRUE(reload(backups));
  EXPECT_FALSE(backups.ask(std::nullopt, RemoteWorker::Backup{}));
  settle({"one", "two"});
  ASSERT_TRUE(reload(backups));
  EXPECT_EQ(backups.status()["remotes"].size(), 2U);
  std::ofstream(home.path() / settings_file) << "evry = 1";
  EXPECT_FALSE(reload(backups));
  EXPECT_EQ(backups.status()["remotes"].size(), 2U);
  EXPECT_THAT(backups.status()["error"].get<std::string>(), HasSubstr("there is no setting `evry`"));
  settle({"two"});
  ASSERT_TRUE(reload(backups));
  EXPECT_TRUE(backups.status()["error"].is_null());
  EXPECT_FALSE(backups.status()["remotes"].contains("one"));
  EXPECT_FALSE(backups.ask("one", RemoteWorker::Backup{}));
}

TEST_F(BackupsTest, ListsVerifiesAndForgets) {
  settle({"disk"});
  ASSERT_TRUE(restic_of("disk").init({}));
  Backups backups(node);
  ASSERT_TRUE(reload(backups));
  finish(backups, "disk", RemoteWorker::Backup{});
  finish(backups, "disk", RemoteWorker::Verify{});
  EXPECT_TRUE(status_of(backups, "disk")["verified"]["error"].is_null());
  EXPECT_EQ(status_of(backups, "disk")["verified"]["percent"], 100);
  const auto list = [&] {
    std::promise<Result<std::vector<restic::Snapshot>>> listed;
    backups.list("disk", [&](Result<std::vector<restic::Snapshot>> found) { listed.set_value(std::move(found)); });
    return listed.get_future().get().value();
  };
  ASSERT_EQ(list().size(), 1U);
  finish(backups, "disk", RemoteWorker::Forget{list().front().id});
  EXPECT_TRUE(list().empty());
  finish(backups, "disk", RemoteWorker::Backup{});
  EXPECT_EQ(list().size(), 1U);
}

TEST_F(BackupsTest, WhoWaitsForAChangeIsToldOnceAtTheEndAtLatest) {
  settle({"disk"});
  std::vector<int> told;
  {
    Backups backups(node);
    ASSERT_TRUE(reload(backups));
    const auto wait = [&](int number, uint64_t version) {
      backups.when_changed(version, [&told, number] { told.push_back(number); });
    };
    const uint64_t version = backups.status()["version"];
    wait(0, version - 1);
    EXPECT_THAT(told, testing::ElementsAre(0)) << "it has changed before";
    wait(1, version);
    EXPECT_THAT(told, testing::ElementsAre(0));
    settle({});
    ASSERT_TRUE(reload(backups));
    EXPECT_THAT(told, testing::ElementsAre(0, 1));
    EXPECT_GT(backups.status()["version"], version);
    told.clear();
    for (int number = 0; number < 65; ++number) {
      wait(number, backups.status()["version"]);
    }
    EXPECT_THAT(told, testing::ElementsAre(0)) << "more wait than may";
  }
  EXPECT_EQ(told.size(), 65U);
}

TEST_F(BackupsTest, ListsThatWaitAreBoundedAndTheEndDoesNotWaitForThem) {
  settle({"disk"});
  std::mutex lists;
  std::vector<std::string> errors;
  constexpr size_t asked = 100;
  {
    Backups backups(node);
    for (size_t i = 0; i < asked; ++i) {
      backups.list("disk", [&](const Result<std::vector<restic::Snapshot>>& found) {
        const std::lock_guard lock(lists);
        errors.push_back(found ? "" : found.error().message);
      });
    }
    const std::lock_guard lock(lists);
    EXPECT_THAT(errors, testing::Contains(HasSubstr("64 lists are asked for already")));
  }
  EXPECT_EQ(errors.size(), asked);
  EXPECT_THAT(errors, testing::Contains(HasSubstr("restic was stopped before its start")));
}

TEST_F(BackupsTest, StopsInTheMiddle) {
  settle({"disk"});
  ASSERT_TRUE(restic_of("disk").init({}));
  {
    std::ofstream large(home.path() / "kernel" / "large");
    for (int i = 0; i < 4'000'000; ++i) {
      large << random.next();
    }
  }
  const auto begin = std::chrono::steady_clock::now();
  {
    Backups backups(node);
    ASSERT_TRUE(reload(backups));
    ASSERT_TRUE(backups.ask("disk", RemoteWorker::Backup{}));
    until(backups, [&] { return status_of(backups, "disk")["activity"] == "backup"; });
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 30s);
  EXPECT_TRUE(restic_of("disk").snapshots({})->empty());
}

TEST(BackupStatus, OfAnyFileIsReadOrNone) {
  kernel::testing::TempFolder home;
  fs::create_directories(home.path() / "backup");
  for (const char* text : {"", "{", "[]", R"({"last":1,"failures":-1})", R"({"last":{"time":"yesterday"}})"}) {
    std::ofstream(home.path() / "backup" / "disk.json") << text;
    EXPECT_FALSE(read_status(home.path(), "disk").last) << text;
  }
}

}  // namespace
}  // namespace kinode::backup
