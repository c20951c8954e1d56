#include "modules/sqlite/sqlite_snapshots.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "kernel/testing/temp_folder.h"

namespace kinode::modules::sqlite {
namespace {

using namespace std::chrono_literals;
using database::DatabaseId;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class SqliteSnapshotsTest : public ::testing::Test {
 protected:
  SqliteSnapshotsTest() : engine_(SqliteEngine::open(home()).value()) {}

  [[nodiscard]] std::filesystem::path home() const { return home_.path(); }
  [[nodiscard]] std::filesystem::path tree() const { return folder_.path() / "tree"; }
  static DatabaseId id(std::string name) { return {PackageId("chat", "a.os"), std::move(name)}; }
  [[nodiscard]] std::filesystem::path copy_of(const std::string& name) const {
    return tree() / "sqlite" / "chat:a.os" / name / (name + ".db");
  }

  std::unique_ptr<SqliteDatabase> database(const std::string& name) {
    EXPECT_TRUE(engine_->open(id(name)));
    return SqliteDatabase::open(engine_->file_of(id(name)), limits_, stopping_).value();
  }
  std::string rows(const std::filesystem::path& file, const std::string& sql) {
    auto opened = Connection::open(file, Connection::Role::writer, limits_, stopping_);
    return opened ? (*opened)->query({sql, {}}).value() : opened.error().body();
  }
  std::unique_ptr<SnapshotSource::Capture> capture() {
    EXPECT_TRUE(snapshots_.hold(1s));
    auto captured = snapshots_.capture(tree() / "sqlite");
    snapshots_.release();
    EXPECT_TRUE(captured);
    return std::move(*captured);
  }

  kernel::testing::TempFolder home_;
  kernel::testing::TempFolder folder_;
  Limits limits_;
  std::atomic<bool> stopping_ = false;
  std::unique_ptr<SqliteEngine> engine_;
  database::WorkGate gate_;
  std::vector<std::string> reports_;
  SqliteSnapshots snapshots_{*engine_, gate_, [this](std::string line) { reports_.push_back(std::move(line)); }};
};

TEST_F(SqliteSnapshotsTest, ASnapshotIsTheMomentOfItsCaptureWhateverIsWrittenMeanwhile) {
  auto live = database("x");
  ASSERT_TRUE(live->write({"CREATE TABLE t (x)", {}}));
  ASSERT_TRUE(
      live->write({"INSERT INTO t WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 5000) "
                   "SELECT randomblob(500) FROM c",
                   {}}));
  const std::string before = live->query({"SELECT count(*) AS n, sum(length(x)) AS s FROM t", {}}).value();
  auto captured = capture();
  std::atomic<bool> done = false;
  std::atomic<int> rounds = 0;
  std::thread writing([&] {
    while (!done) {
      // Enough for checkpoints, which move pages into the file.
      ASSERT_TRUE(live->write({"INSERT INTO t SELECT randomblob(500) FROM t LIMIT 2000", {}}));
      ASSERT_TRUE(live->write({"DELETE FROM t WHERE rowid % 2 = 0", {}}));
      ++rounds;
    }
  });
  while (rounds < 3) {
    std::this_thread::yield();
  }
  EXPECT_TRUE(captured->complete({}));
  done = true;
  writing.join();
  EXPECT_EQ(rows(copy_of("x"), "SELECT count(*) AS n, sum(length(x)) AS s FROM t"), before);
  EXPECT_NE(live->query({"SELECT count(*) AS n, sum(length(x)) AS s FROM t", {}}).value(), before);
  EXPECT_THAT(reports_, ElementsAre());
}

TEST_F(SqliteSnapshotsTest, DatabasesThatAreNotOpenAreIncludedAndNothingElseIsWritten) {
  database("a")->write({"CREATE TABLE t (x)", {}});
  database("b%20?#")->write({"CREATE TABLE t (x)", {}});
  engine_.reset();  // all are closed
  engine_ = SqliteEngine::open(home()).value();
  SqliteSnapshots snapshots(*engine_, gate_, [](const std::string& line) { ADD_FAILURE() << line; });
  auto captured = snapshots.capture(tree() / "sqlite");
  ASSERT_TRUE(captured);
  EXPECT_TRUE((*captured)->complete({}));
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(tree())) {
    if (entry.is_regular_file()) {
      files.push_back(entry.path().lexically_relative(tree()).string());
    }
  }
  EXPECT_THAT(files, ::testing::UnorderedElementsAre("sqlite/chat:a.os/a/a.db", "sqlite/chat:a.os/b%20?#/b%20?#.db"));
  EXPECT_EQ(rows(copy_of("a"), "SELECT name FROM sqlite_schema"), R"([{"name":"t"}])");
}

TEST_F(SqliteSnapshotsTest, ADatabaseThatIsRemovedAfterTheCaptureIsInIt) {
  database("x")->write({"CREATE TABLE t (x)", {}});
  auto captured = capture();
  EXPECT_TRUE(engine_->remove(id("x")));
  EXPECT_TRUE(captured->complete({}));
  EXPECT_EQ(rows(copy_of("x"), "SELECT name FROM sqlite_schema"), R"([{"name":"t"}])");
}

TEST_F(SqliteSnapshotsTest, WhatIsDamagedIsReportedAndTheOthersAreKept) {
  database("good")->write({"CREATE TABLE t (x)", {}});
  database("none")->write({"CREATE TABLE t (x)", {}});
  database("torn")->write(
      {"CREATE TABLE t AS WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT "
       "5000) SELECT hex(randomblob(50)) AS x FROM c",
       {}});
  engine_.reset();
  engine_ = SqliteEngine::open(home()).value();
  std::ofstream(engine_->file_of(id("none"))) << std::string(20'000, 'x');
  {
    std::fstream torn(engine_->file_of(id("torn")), std::ios::in | std::ios::out | std::ios::binary);
    torn.seekp(3 * 4096);
    torn << std::string(4096, 'x');
  }
  std::vector<std::string> reports;
  SqliteSnapshots snapshots(*engine_, gate_, [&](std::string line) { reports.push_back(std::move(line)); });
  auto captured = snapshots.capture(tree() / "sqlite");
  ASSERT_TRUE(captured);
  EXPECT_TRUE((*captured)->complete({}));
  EXPECT_THAT(reports, ::testing::UnorderedElementsAre(HasSubstr("chat:a.os/none is not in the backup"),
                                                       HasSubstr("chat:a.os/torn is damaged")));
  EXPECT_EQ(rows(copy_of("good"), "SELECT name FROM sqlite_schema"), R"([{"name":"t"}])");
  EXPECT_TRUE(std::filesystem::exists(copy_of("torn")));
  EXPECT_FALSE(std::filesystem::exists(copy_of("none")));
}

TEST_F(SqliteSnapshotsTest, CompletingIsStoppedAndNoDatabaseIsBlamed) {
  database("x")->write({"CREATE TABLE t (x)", {}});
  auto captured = capture();
  std::stop_source stop;
  stop.request_stop();
  const Result<void> completed = captured->complete(stop.get_token());
  ASSERT_FALSE(completed);
  EXPECT_THAT(completed.error().message, HasSubstr("it was stopped"));
  EXPECT_THAT(reports_, ElementsAre());
}

TEST_F(SqliteSnapshotsTest, HoldingWaitsForWhatIsUnderWay) {
  gate_.begin(1);
  EXPECT_FALSE(snapshots_.hold(1ms));
  gate_.end(1);
  EXPECT_TRUE(snapshots_.hold(1ms));
  snapshots_.release();
}

}  // namespace
}  // namespace kinode::modules::sqlite
