#include "modules/database/open_databases.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

namespace kinode::modules::database {
namespace {

DatabaseId id(std::string name) { return {PackageId("p", "a.os"), std::move(name)}; }

/// A database that tells when it closes.
struct Fake {
  explicit Fake(std::atomic<int>& open_now) : open(open_now) { ++open; }
  ~Fake() { --open; }
  [[nodiscard]] bool is_dirty() const { return dirty; }
  Result<void> sync() {
    dirty = !disk_works;
    return disk_works ? Result<void>() : fail("the disk is broken");
  }
  std::atomic<int>& open;
  bool dirty = false;
  bool disk_works = true;
};

class OpenDatabasesTest : public ::testing::Test {
 protected:
  OpenDatabases<Fake>::Lease acquire(const std::string& name) {
    auto lease = table_.acquire(id(name), [this]() -> DatabaseResult<std::unique_ptr<Fake>> {
      ++opened_;
      return std::make_unique<Fake>(open_);
    });
    return lease.value();
  }
  std::atomic<int> open_ = 0;
  std::atomic<int> opened_ = 0;
  OpenDatabases<Fake> table_{2};
};

TEST_F(OpenDatabasesTest, TheOneUnusedForLongestIsClosed) {
  acquire("a");
  acquire("b");
  acquire("a");
  EXPECT_EQ(opened_, 2);
  acquire("c");  // closes b
  EXPECT_EQ(open_, 2);
  acquire("a");
  EXPECT_EQ(opened_, 3);
  acquire("b");
  EXPECT_EQ(opened_, 4);
}

TEST_F(OpenDatabasesTest, K3_OneInUseIsNeverClosed) {
  auto a = acquire("a");
  auto b = acquire("b");
  auto c = acquire("c");
  EXPECT_EQ(open_, 3);
  EXPECT_EQ(acquire("a").get(), a.get());
  acquire("d");
  EXPECT_EQ(open_, 3) << "d is closed as soon as nobody uses it";
  b.reset();
  EXPECT_EQ(open_, 2);
  EXPECT_EQ(acquire("a").get(), a.get());
}

TEST_F(OpenDatabasesTest, WhatWasWrittenIsBroughtToTheDiskAlsoByClosing) {
  acquire("a")->dirty = true;
  EXPECT_TRUE(table_.sync());
  EXPECT_FALSE(acquire("a")->dirty);
  acquire("a")->dirty = true;
  acquire("b");
  acquire("c");
  EXPECT_EQ(open_, 2) << "a is closed";
  EXPECT_TRUE(table_.sync());
}

TEST_F(OpenDatabasesTest, OneThatCannotBeBroughtToTheDiskIsNotForgotten) {
  {
    auto broken = acquire("a");
    broken->dirty = true;
    broken->disk_works = false;
  }
  acquire("b");
  acquire("c");
  acquire("a");
  EXPECT_EQ(opened_, 3) << "a was not closed, but another in its place";
  Result<void> synced = table_.sync();
  ASSERT_FALSE(synced);
  EXPECT_EQ(synced.error().message, "p:a.os/a: the disk is broken");
  EXPECT_TRUE(table_.remove(id("a"), [] { return DatabaseResult<void>(); }));
  EXPECT_TRUE(table_.sync()) << "what was lost is not wanted any more";
}

TEST_F(OpenDatabasesTest, AFailedOpenIsTriedAgain) {
  auto failed =
      table_.acquire(id("a"), []() -> DatabaseResult<std::unique_ptr<Fake>> { return errors::io_error("no disk"); });
  EXPECT_EQ(failed.error().body(), R"({"Err":{"IOError":"no disk"}})");
  acquire("a");
  EXPECT_EQ(opened_, 1);
}

TEST_F(OpenDatabasesTest, RemovalWaitsForUsersAndNewOnesForIt) {
  auto lease = acquire("a");
  std::atomic<bool> removed = false;
  std::promise<void> begun;
  std::thread remover([&] {
    begun.set_value();
    EXPECT_TRUE(table_.remove(id("a"), [&]() -> DatabaseResult<void> {
      EXPECT_EQ(open_, 0) << "closed first";
      removed = true;
      return {};
    }));
  });
  begun.get_future().wait();
  EXPECT_FALSE(removed);
  std::thread user([&] {
    auto again = acquire("a");  // before the removal begins it shares the lease, else it finds a new one
    EXPECT_TRUE(removed || opened_ == 1);
  });
  lease.reset();
  remover.join();
  user.join();
  EXPECT_TRUE(removed);
}

TEST_F(OpenDatabasesTest, ManyThreadsShareOneTable) {
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([this, thread] {
      for (int i = 0; i < 2'000; ++i) {
        auto lease = acquire(std::to_string((i * (thread + 1)) % 5));
        ASSERT_GT(lease->open, 0);
        if (i % 100 == 0) {
          table_.for_each([](const Fake&) { return true; },
                          [](const DatabaseId&, Fake& fake) { EXPECT_GT(fake.open, 0); });
        }
        if (i % 500 == 0) {
          lease.reset();
          ASSERT_TRUE(table_.remove(id("1"), [] { return DatabaseResult<void>(); }));
        }
      }
    });
  }
  threads.clear();
  EXPECT_LE(open_, 2);
  EXPECT_EQ(table_.open(), static_cast<size_t>(open_));
}

}  // namespace
}  // namespace kinode::modules::database
