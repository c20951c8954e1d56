#include "backup/tree.h"

#include <gmock/gmock.h>

#include <condition_variable>
#include <fstream>
#include <future>

#include "kernel/testing/temp_folder.h"

namespace kinode::backup {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
namespace fs = std::filesystem;

void write(const fs::path& file, std::string_view content) {
  fs::create_directories(file.parent_path());
  std::ofstream(file) << content;
}
std::string read(const fs::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// A part that tells what is done with it, in a log that parts share.
class Part final : public modules::SnapshotSource {
 public:
  Part(std::string name, std::vector<std::string>& log) : name_(std::move(name)), log_(log) {}

  [[nodiscard]] std::string_view name() const override { return name_; }
  Result<void> hold(std::chrono::milliseconds /*patience*/) override {
    log_.push_back("hold " + name_);
    return fails_to_hold ? fail("somebody writes without end") : Result<void>();
  }
  void release() override { log_.push_back("release " + name_); }
  Result<std::unique_ptr<Capture>> capture(const fs::path& folder) override {
    log_.push_back("capture " + name_);
    return std::make_unique<Written>(*this, folder);
  }

  bool fails_to_hold = false;
  bool fails_to_complete = false;
  /// Set: completing says here that it goes on, and does so until it is stopped.
  std::optional<std::promise<void>> endless;

 private:
  struct Written final : Capture {
    Written(Part& part, fs::path folder) : part_(part), folder_(std::move(folder)) {}
    ~Written() override { part_.log_.push_back("end " + part_.name_); }
    Result<void> complete(const std::stop_token& stop) override {
      part_.log_.push_back("complete " + part_.name_);
      if (part_.endless) {
        std::exchange(part_.endless, std::nullopt)->set_value();
        std::mutex mutex;
        std::unique_lock lock(mutex);
        std::condition_variable_any().wait(lock, stop, [] { return false; });
        return fail("stopped");
      }
      write(folder_ / "content", part_.name_);
      return part_.fails_to_complete ? fail("the disk is full") : Result<void>();
    }
    Part& part_;
    const fs::path folder_;
  };

  const std::string name_;
  std::vector<std::string>& log_;
};

class TreeTest : public testing::Test {
 protected:
  kernel::testing::TempFolder home;
  std::vector<std::string> log;
  Part kernel{"kernel", log};
  Part vfs{"vfs", log};
  SystemClock clock;

  [[nodiscard]] size_t trees() const {
    const fs::path folder = home.path() / "backup" / "trees";
    return fs::exists(folder) ? static_cast<size_t>(std::distance(fs::directory_iterator(folder), {})) : 0;
  }
};

TEST_F(TreeTest, IsOneMomentOfAllParts) {
  {
    SnapshotMaker maker(home.path(), {&kernel, &vfs});
    write(home.path() / ".keys", "locked");
    write(home.path() / "cache" / "large", "not kept");
    Result<Tree> tree = maker.take(clock.now(), {});
    ASSERT_TRUE(tree) << tree.error().message;
    EXPECT_THAT(log, ElementsAre("hold kernel", "hold vfs", "capture kernel", "capture vfs", "release vfs",
                                 "release kernel", "complete kernel", "complete vfs"));
    EXPECT_THAT(tree->entries, ElementsAre(".keys", "kernel", "vfs"));
    EXPECT_EQ(read(tree->folder / "vfs" / "content"), "vfs");
    EXPECT_EQ(read(tree->folder / ".keys"), "locked");
    log.clear();
  }
  EXPECT_THAT(log, ElementsAre("end kernel", "end vfs"));
  EXPECT_EQ(trees(), 0U);
}

TEST_F(TreeTest, IsSharedByWhoeverAsksForOneOfBefore) {
  SnapshotMaker maker(home.path(), {&kernel});
  const Instant before = clock.now();
  Result<Tree> first = maker.take(before, {});
  Result<Tree> second = maker.take(before, {});
  Result<Tree> later = maker.take(clock.now(), {});
  ASSERT_TRUE(first && second && later);
  EXPECT_EQ(first->folder, second->folder);
  EXPECT_NE(first->folder, later->folder);
  EXPECT_EQ(trees(), 2U);
}

TEST_F(TreeTest, APartThatCannotBeHeldLetsTheOthersGo) {
  vfs.fails_to_hold = true;
  {
    SnapshotMaker maker(home.path(), {&kernel, &vfs});
    Result<Tree> tree = maker.take(clock.now(), {});
    ASSERT_FALSE(tree);
    EXPECT_THAT(tree.error().message, HasSubstr("no snapshot was made: vfs: somebody writes without end"));
    EXPECT_THAT(log, ElementsAre("hold kernel", "hold vfs", "release kernel"));
    vfs.fails_to_hold = false;
    EXPECT_TRUE(maker.take(clock.now(), {}));
  }
  EXPECT_EQ(trees(), 0U);
}

TEST_F(TreeTest, AHalfOneDoesNotStay) {
  vfs.fails_to_complete = true;
  {
    SnapshotMaker maker(home.path(), {&kernel, &vfs});
    EXPECT_FALSE(maker.take(clock.now(), {}));
    EXPECT_THAT(log, testing::Contains("release kernel"));
  }
  EXPECT_EQ(trees(), 0U);
}

TEST_F(TreeTest, IsStoppedWhileAPartIsCompletedAndOthersGetTheirs) {
  vfs.endless.emplace();
  std::future<void> completing = vfs.endless->get_future();
  {
    SnapshotMaker maker(home.path(), {&kernel, &vfs});
    std::stop_source stop;
    std::future<Result<Tree>> taken =
        std::async(std::launch::async, [&] { return maker.take(clock.now(), stop.get_token()); });
    completing.wait();
    std::future<Result<Tree>> another = std::async(std::launch::async, [&] { return maker.take(clock.now(), {}); });
    stop.request_stop();
    Result<Tree> stopped = taken.get();
    ASSERT_FALSE(stopped);
    EXPECT_THAT(stopped.error().message, HasSubstr("no snapshot was made: stopped"));
    EXPECT_TRUE(another.get());
    const Result<Tree> late = maker.take(clock.now(), stop.get_token());
    EXPECT_THAT(late.error().message, HasSubstr("it was stopped before its end"));
  }
  EXPECT_EQ(trees(), 0U);
}

TEST_F(TreeTest, WhatACrashLeftIsDeleted) {
  write(home.path() / "backup" / "trees" / "7" / "kernel" / "file", "old");
  {
    const SnapshotMaker maker(home.path(), {&kernel});
  }
  EXPECT_EQ(trees(), 0U);
}

TEST_F(TreeTest, OfAStoppedNodeIsItsHome) {
  EXPECT_FALSE(tree_of_stopped(home.path()));
  write(home.path() / "kernel" / "CURRENT", "");
  write(home.path() / "backup" / "disk.json", "");
  write(home.path() / ".lock", "");
  write(home.path() / "peers.toml", "");
  Result<Tree> tree = tree_of_stopped(home.path());
  ASSERT_TRUE(tree);
  EXPECT_THAT(tree->entries, ElementsAre("kernel", "peers.toml"));
  EXPECT_THAT(tree->excludes, testing::Contains((home.path() / "kernel" / "backup").string()));
}

}  // namespace
}  // namespace kinode::backup
