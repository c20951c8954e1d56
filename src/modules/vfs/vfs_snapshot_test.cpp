// The drives in a snapshot: as they were at its moment, whatever is done to them while it is read.
#include "modules/vfs/vfs_snapshot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <future>
#include <map>
#include <optional>
#include <thread>

#include "modules/vfs/testing/actions.h"
#include "modules/vfs/vfs_api.h"

namespace kinode::modules::vfs {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using testing::bytes_of;
using testing::Change;
using ::testing::HasSubstr;
using testing::TemporaryHome;
using testing::vfs_path;

/// What is in a folder: for each path its kind, permissions, time and content.
std::map<std::string, std::string> image(const fs::path& root) {
  std::map<std::string, std::string> seen;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root)) {
    const std::string path = entry.path().lexically_relative(root).string();
    if (path.starts_with(".staging")) {
      continue;
    }
    struct stat status{};
    lstat(entry.path().c_str(), &status);
    std::string text = fmt::format("{:o} {}.{:09}", status.st_mode, status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
    if (entry.is_symlink()) {
      text += " " + fs::read_symlink(entry.path()).string();
    } else if (entry.is_regular_file()) {
      std::ifstream in(entry.path(), std::ios::binary);
      text += " " + std::string(std::istreambuf_iterator<char>(in), {});
    }
    seen[path] = text;
  }
  return seen;
}

class SnapshotTest : public ::testing::Test {
 protected:
  SnapshotTest() { open(); }
  void open() { vfs_ = Vfs::open(home_.path()).value(); }
  Drives& drives() { return vfs_->drives(); }
  fs::path tree(int number) const { return fs::path(home_.path()) / fmt::format("backup/{}", number); }

  std::unique_ptr<SnapshotSource::Capture> take(int number) {
    fs::create_directories(tree(number));
    VfsSnapshot source(*vfs_);
    EXPECT_TRUE(source.hold(milliseconds(10'000)));
    auto capture = source.capture(tree(number) / source.name());
    source.release();
    EXPECT_TRUE(capture) << (capture ? "" : capture.error().message);
    return capture ? std::move(*capture) : nullptr;
  }
  std::map<std::string, std::string> captured(int number) const { return image(tree(number) / "vfs"); }
  std::map<std::string, std::string> live() const { return image(home_.host()); }
  ino_t inode(const fs::path& path) const {
    struct stat status{};
    EXPECT_EQ(lstat(path.c_str(), &status), 0) << path;
    return status.st_ino;
  }

  TemporaryHome home_;
  std::unique_ptr<Vfs> vfs_;
};

TEST_F(SnapshotTest, EveryChangeLeavesTheSnapshotAsItWas) {
  for (const Change& change : testing::changes()) {
    fs::remove_all(home_.host("a:b"));
    fs::remove_all(tree(1));
    open();
    testing::furnish(drives());
    const auto before = live();
    auto capture = take(1);
    ASSERT_TRUE(capture);
    EXPECT_EQ(captured(1), before) << change.name;
    auto made = change.make(drives());
    EXPECT_TRUE(made) << change.name << (made ? "" : made.error().text);
    EXPECT_NE(live(), before) << change.name;
    EXPECT_TRUE(capture->complete({}));
    EXPECT_EQ(captured(1), before) << change.name;
    EXPECT_EQ(home_.staged(), 0U) << change.name;
  }
}

TEST_F(SnapshotTest, HandlesOpenedBeforeAreHeldToIt) {
  testing::furnish(drives());
  const VfsPath file = vfs_path("/a:b/d/file");
  ASSERT_TRUE(drives().open_file(file, false));
  const auto before = live();
  auto capture = take(1);
  EXPECT_TRUE(drives().write_all(file, bytes_of("WRITTEN")));
  EXPECT_TRUE(drives().append(file, bytes_of("MORE")));
  EXPECT_TRUE(drives().set_length(file, 9));
  EXPECT_EQ(drives().read(file)->text(), "WRITTEN o");
  EXPECT_EQ(captured(1), before);
}

TEST_F(SnapshotTest, OnlyWhatChangesIsCopied) {
  testing::furnish(drives());
  auto capture = take(1);
  EXPECT_TRUE(drives().append(vfs_path("/a:b/d/file"), bytes_of("more")));
  const ino_t copy = inode(tree(1) / "vfs/a:b/d/file");
  EXPECT_NE(copy, inode(home_.host("a:b/d/file")));
  EXPECT_EQ(inode(tree(1) / "vfs/a:b/d/other"), inode(home_.host("a:b/d/other")));
  EXPECT_TRUE(drives().append(vfs_path("/a:b/d/file"), bytes_of("once only")));
  EXPECT_EQ(inode(tree(1) / "vfs/a:b/d/file"), copy);
}

TEST_F(SnapshotTest, AFileThatWasRenamedIsStillKnown) {
  testing::furnish(drives());
  const auto before = live();
  auto capture = take(1);
  EXPECT_TRUE(drives().rename(vfs_path("/a:b/d/file"), vfs_path("/a:b/d/moved")));
  EXPECT_TRUE(drives().append(vfs_path("/a:b/d/moved"), bytes_of("more")));
  EXPECT_TRUE(drives().rename(vfs_path("/a:b/d/folder"), vfs_path("/a:b/d/elsewhere")));
  EXPECT_TRUE(drives().set_length(vfs_path("/a:b/d/elsewhere/below"), 0));
  EXPECT_EQ(captured(1), before);
}

TEST_F(SnapshotTest, SeveralShareOneCopyAndEndEachForItself) {
  testing::furnish(drives());
  const auto first_moment = live();
  auto first = take(1);
  auto second = take(2);
  EXPECT_TRUE(drives().append(vfs_path("/a:b/d/file"), bytes_of("more")));
  EXPECT_EQ(inode(tree(1) / "vfs/a:b/d/file"), inode(tree(2) / "vfs/a:b/d/file"));
  const auto third_moment = live();
  auto third = take(3);
  second.reset();
  fs::remove_all(tree(2));
  EXPECT_TRUE(drives().append(vfs_path("/a:b/d/file"), bytes_of("again")));
  EXPECT_TRUE(drives().append(vfs_path("/a:b/d/other"), bytes_of("again")));
  EXPECT_EQ(captured(1), first_moment);
  EXPECT_EQ(captured(3), third_moment);
}

TEST_F(SnapshotTest, WhileOneLivesAFileIsStillReplacedAsAWhole) {
  testing::furnish(drives());
  auto capture = take(1);
  std::ifstream reader(home_.host("a:b/d/file"));
  EXPECT_TRUE(drives().write(vfs_path("/a:b/d/file"), bytes_of("new")));
  std::string seen(std::istreambuf_iterator<char>(reader), {});
  EXPECT_EQ(seen, "content of /a:b/d/file");
}

TEST_F(SnapshotTest, AfterItsEndAFileIsReplacedAsAWholeThoughTheTreeIsStillThere) {
  testing::furnish(drives());
  auto capture = take(1);
  EXPECT_TRUE(drives().append(vfs_path("/a:b/d/other"), bytes_of(" and more")));
  capture.reset();
  std::ifstream reader(home_.host("a:b/d/file"));
  EXPECT_TRUE(drives().write(vfs_path("/a:b/d/file"), bytes_of("new")));
  std::string seen(std::istreambuf_iterator<char>(reader), {});
  EXPECT_EQ(seen, "content of /a:b/d/file") << "the old one, whole";
  EXPECT_EQ(home_.content("a:b/d/other"), "content of /a:b/d/other and more");
}

TEST_F(SnapshotTest, LinksAreKeptAsLinksAndNeverFollowed) {
  std::ofstream(home_.path() + "/secret") << "secret";
  testing::furnish(drives());
  fs::create_symlink("../../../secret", home_.host("a:b/d/out"));
  fs::create_symlink("file", home_.host("a:b/d/in"));
  fs::create_directory_symlink("../../..", home_.host("a:b/d/up"));
  const auto before = live();
  auto capture = take(1);
  EXPECT_EQ(captured(1), before);
  EXPECT_TRUE(fs::is_symlink(tree(1) / "vfs/a:b/d/up"));
}

TEST_F(SnapshotTest, SpecialFilesAreLeftOut) {
  testing::furnish(drives());
  ASSERT_EQ(mkfifo(home_.host("a:b/d/pipe").c_str(), 0600), 0);
  auto capture = take(1);
  ASSERT_TRUE(capture);
  EXPECT_TRUE(capture->complete({}));
  EXPECT_FALSE(fs::exists(tree(1) / "vfs/a:b/d/pipe"));
  EXPECT_TRUE(fs::exists(tree(1) / "vfs/a:b/d/file"));
}

TEST_F(SnapshotTest, TmpIsCopiedSinceWasiWritesThere) {
  testing::furnish(drives());
  ASSERT_TRUE(drives().create_dir_all(vfs_path("/a:b/tmp/deep")));
  ASSERT_TRUE(drives().write(vfs_path("/a:b/tmp/deep/x"), bytes_of("of the moment")));
  const auto before = live();
  auto capture = take(1);
  ASSERT_TRUE(capture->complete({}));
  EXPECT_EQ(captured(1), before);
  std::ofstream(home_.host("a:b/tmp/deep/x"), std::ios::in) << "WASI";  // in place
  EXPECT_EQ(captured(1), before);
}

TEST_F(SnapshotTest, CompletingIsStopped) {
  testing::furnish(drives());
  ASSERT_TRUE(drives().create_dir_all(vfs_path("/a:b/tmp")));
  ASSERT_TRUE(drives().write(vfs_path("/a:b/tmp/x"), bytes_of("not copied any more")));
  auto capture = take(1);
  std::stop_source stop;
  stop.request_stop();
  const Result<void> completed = capture->complete(stop.get_token());
  ASSERT_FALSE(completed);
  EXPECT_THAT(completed.error().message, HasSubstr("it was stopped"));
  EXPECT_FALSE(fs::exists(tree(1) / "vfs/a:b/tmp/x"));
}

TEST_F(SnapshotTest, WhatWasiChangesInTmpMeanwhileFailsNothing) {
  testing::furnish(drives());
  ASSERT_TRUE(drives().create_dir_all(vfs_path("/a:b/tmp")));
  ASSERT_TRUE(drives().write(vfs_path("/a:b/tmp/stays"), bytes_of("stays")));
  const fs::path busy = home_.host("a:b/tmp/busy");
  std::atomic<bool> is_over = false;
  // One name is a file, a link, a folder, and nothing.
  std::thread wasi([&] {
    std::error_code ignored;
    while (!is_over) {
      std::ofstream(busy) << "x";
      fs::remove(busy, ignored);
      fs::create_symlink("stays", busy, ignored);
      fs::remove(busy, ignored);
      fs::create_directories(busy / "below", ignored);
      fs::remove_all(busy, ignored);
    }
  });
  for (int i = 1; i <= 500; ++i) {
    auto capture = take(i);
    Result<void> completed = capture->complete({});
    EXPECT_TRUE(completed) << (completed ? "" : completed.error().message);
    EXPECT_THAT(captured(i)["a:b/tmp/stays"], ::testing::EndsWith(" stays"));
  }
  is_over = true;
  wasi.join();
}

TEST_F(SnapshotTest, AFileWithANameInTmpIsCopiedAtOnce) {
  testing::furnish(drives());
  ASSERT_TRUE(drives().create_dir_all(vfs_path("/a:b/tmp")));
  fs::create_hard_link(home_.host("a:b/d/file"), home_.host("a:b/tmp/same"));
  const auto before = live();
  auto capture = take(1);
  ASSERT_TRUE(capture->complete({}));
  std::ofstream(home_.host("a:b/tmp/same"), std::ios::in) << "WASI";
  EXPECT_EQ(captured(1), before);
}

TEST_F(SnapshotTest, ATreeTooDeepForAPathLeavesTheRestWhole) {
  testing::furnish(drives());
  // Deeper than a path goes: folders are moved into each other.
  const std::string part = "/" + std::string(200, 'p');
  std::string chain;
  for (int i = 0; i < 8; ++i) {
    chain += part;
  }
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(drives().create_dir_all(vfs_path("/a:b/d/new" + chain)));
    if (i > 0) {
      ASSERT_TRUE(drives().rename(vfs_path("/a:b/d/deep"), vfs_path("/a:b/d/new" + chain + "/deep")));
    }
    ASSERT_TRUE(drives().rename(vfs_path("/a:b/d/new"), vfs_path("/a:b/d/deep")));
  }
  EXPECT_EQ(drives().usage(PackageId("a", "b"))->files, measure(drives().tree().directory(), "a:b")->files - 1);
  auto capture = take(1);
  ASSERT_TRUE(capture);
  EXPECT_TRUE(capture->complete({}));
  EXPECT_TRUE(fs::exists(tree(1) / "vfs/a:b/d/file"));
  capture.reset();
  EXPECT_TRUE(drives().remove_dir_all(vfs_path("/a:b/d/deep")));
}

TEST_F(SnapshotTest, HoldingWaitsForChangesUnderWayAndHoldsBackOthers) {
  testing::furnish(drives());
  VfsSnapshot source(*vfs_);
  {
    ChangeGate::Passage under_way = drives().gate().enter();
    auto held = source.hold(milliseconds(1));
    ASSERT_FALSE(held);
    EXPECT_THAT(held.error().message, HasSubstr("Try again later"));
    EXPECT_FALSE(drives().gate().is_held());
  }
  ASSERT_TRUE(source.hold(milliseconds(10'000)));
  std::promise<void> begins;
  std::future<bool> change = std::async(std::launch::async, [&] {
    begins.set_value();
    return drives().append(vfs_path("/a:b/d/file"), bytes_of("late")).has_value();
  });
  begins.get_future().get();
  fs::create_directories(tree(1));
  auto capture = source.capture(tree(1) / "vfs");
  ASSERT_TRUE(capture);
  EXPECT_EQ(home_.content("a:b/d/file"), "content of /a:b/d/file");
  EXPECT_EQ(drives().read(vfs_path("/a:b/d/file"))->text(), "content of /a:b/d/file") << "reads go on";
  source.release();
  EXPECT_TRUE(change.get());
  EXPECT_EQ(home_.content("a:b/d/file"), "content of /a:b/d/filelate");
}

TEST(ChangeGate, WhatAChangeDoesAsideHoldsUpNoSnapshot) {
  ChangeGate gate;
  std::optional<ChangeGate::Passage> change(gate.enter());
  std::promise<void> goes_on;
  std::future<void> released = gate.aside([&] {
    EXPECT_TRUE(gate.hold(milliseconds(10'000)));
    return std::async(std::launch::async, [&gate, went_on = goes_on.get_future()]() mutable {
      EXPECT_EQ(went_on.wait_for(milliseconds(50)), std::future_status::timeout) << "it waits while the gate is held";
      gate.release();
      EXPECT_EQ(went_on.wait_for(std::chrono::seconds(10)), std::future_status::ready);
    });
  });
  goes_on.set_value();
  released.get();
  EXPECT_FALSE(gate.hold(milliseconds(1))) << "it is a change again";
  change.reset();
  EXPECT_TRUE(gate.hold(milliseconds(10'000)));
}

TEST_F(SnapshotTest, ALargeWriteIsOfTheSnapshotBeforeOrAfterIt) {
  testing::furnish(drives());
  constexpr size_t size = size_t{4} << 20U;
  std::atomic<bool> is_over = false;
  std::thread writer([&] {
    for (char letter = 'a'; !is_over; letter = letter == 'z' ? 'a' : static_cast<char>(letter + 1)) {
      EXPECT_TRUE(drives().write(vfs_path("/a:b/d/large"), bytes_of(std::string(size, letter))));
    }
  });
  for (int i = 1; i <= 20; ++i) {
    auto capture = take(i);
    EXPECT_TRUE(capture->complete({}));
    const fs::path seen = tree(i) / "vfs/a:b/d/large";
    if (fs::exists(seen)) {
      std::ifstream in(seen, std::ios::binary);
      const std::string content(std::istreambuf_iterator<char>(in), {});
      EXPECT_EQ(content, std::string(size, content.empty() ? '-' : content.front()));
    }
    EXPECT_FALSE(fs::exists(tree(i) / "vfs/.staging"));
  }
  is_over = true;
  writer.join();
}

TEST_F(SnapshotTest, AProcessThatStartsMeanwhileGetsItsTmp) {
  VfsSnapshot source(*vfs_);
  ASSERT_TRUE(source.hold(milliseconds(10'000)));
  std::future<Result<std::string>> tmp =
      std::async(std::launch::async, [&] { return vfs_->host_tmp_dir(PackageId("new", "package")); });
  EXPECT_EQ(tmp.wait_for(std::chrono::seconds(10)), std::future_status::ready) << "it waits for the snapshot";
  source.release();
  EXPECT_TRUE(fs::is_directory(tmp.get().value()));
}

TEST_F(SnapshotTest, AFileThatCannotBeCopiedIsNotChanged) {
  testing::furnish(drives());
  const auto before = live();
  auto capture = take(1);
  fs::remove_all(home_.host(".staging"));  // there is no room for the copy
  auto changed = drives().append(vfs_path("/a:b/d/file"), bytes_of("more"));
  ASSERT_FALSE(changed);
  EXPECT_THAT(answers::error(changed.error()), HasSubstr("part of a snapshot that is being read"));
  EXPECT_EQ(captured(1), before);
  fs::create_directory(home_.host(".staging"));
}

TEST_F(SnapshotTest, ManyWritersMeanwhileLeaveItAsItWas) {
  testing::furnish(drives());
  ASSERT_TRUE(drives().write(vfs_path("/a:b/d/file"), bytes_of(std::string(300'000, 'x'))));
  const auto before = live();
  auto first = take(1);
  auto second = take(2);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < 20; ++round) {
        for (const Change& change : testing::changes()) {
          (void)change.make(drives());
        }
        (void)drives().write(vfs_path("/a:b/d/file"), bytes_of(std::string(1'000, static_cast<char>('a' + i))));
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(captured(1), before);
  EXPECT_EQ(captured(2), before);
  EXPECT_EQ(home_.staged(), 0U);
}

}  // namespace
}  // namespace kinode::modules::vfs
