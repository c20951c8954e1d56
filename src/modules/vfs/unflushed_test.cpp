// That what was told is on the disk: each change takes its place in the journal's order, and is flushed with it.
#include "modules/vfs/unflushed.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernel/testing/memory_journal.h"
#include "modules/vfs/testing/actions.h"
#include "modules/vfs/vfs_api.h"

namespace kinode::modules::vfs {
namespace {

using kernel::testing::MemoryJournal;
using testing::bytes_of;
using testing::Change;
using ::testing::HasSubstr;
using testing::TemporaryHome;
using testing::vfs_path;

class LastingTest : public ::testing::Test {
 protected:
  LastingTest() : vfs_(Vfs::open(home_.path(), {.journal = &journal_}).value()) {}

  TemporaryHome home_;
  MemoryJournal journal_;
  std::unique_ptr<Vfs> vfs_;
};

TEST_F(LastingTest, EveryChangeIsNotedBeforeItTakesItsPlace) {
  for (const Change& change : testing::changes()) {
    std::filesystem::remove_all(home_.host("a:b"));
    vfs_ = Vfs::open(home_.path(), {.journal = &journal_}).value();
    testing::furnish(vfs_->drives());
    ASSERT_TRUE(vfs_->flush()());
    ASSERT_TRUE(vfs_->drives().tree().unflushed()->is_flushed());
    const uint64_t before = journal_.written();
    ASSERT_TRUE(change.make(vfs_->drives())) << change.name;
    EXPECT_FALSE(vfs_->drives().tree().unflushed()->is_flushed()) << change.name;
    EXPECT_EQ(journal_.written(), before + 1) << change.name;
    EXPECT_TRUE(vfs_->flush()()) << change.name;
    EXPECT_TRUE(vfs_->drives().tree().unflushed()->is_flushed()) << change.name;
  }
}

TEST_F(LastingTest, WhatOnlyReadsWaitsForNothing) {
  testing::furnish(vfs_->drives());
  ASSERT_TRUE(vfs_->flush()());
  const uint64_t before = journal_.written();
  const VfsPath file = vfs_path("/a:b/d/file");
  EXPECT_TRUE(vfs_->drives().open_file(file, false));
  EXPECT_TRUE(vfs_->drives().open_file(file, true)) << "it is there";
  EXPECT_TRUE(vfs_->drives().read(file));
  EXPECT_TRUE(vfs_->drives().read_range(file, 1, 2));
  EXPECT_TRUE(vfs_->drives().read_to_end(file));
  EXPECT_TRUE(vfs_->drives().metadata(file));
  EXPECT_TRUE(vfs_->drives().hash(file));
  EXPECT_TRUE(vfs_->drives().read_dir(vfs_path("/a:b/d")));
  vfs_->drives().close_file(file);
  EXPECT_EQ(journal_.written(), before);
  EXPECT_TRUE(vfs_->drives().tree().unflushed()->is_flushed());
}

TEST_F(LastingTest, MoreFilesThanAreKeptOpenAreFlushedAllTheSame) {
  ASSERT_TRUE(vfs_->drives().create_dir_all(vfs_path("/a:b/d")));
  for (int i = 0; i < 300; ++i) {
    ASSERT_TRUE(vfs_->drives().write(vfs_path(fmt::format("/a:b/d/{}", i)), bytes_of("x")));
  }
  EXPECT_LT(std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {}), 200);
  EXPECT_FALSE(vfs_->drives().tree().unflushed()->is_flushed());
  EXPECT_TRUE(vfs_->flush()());
  EXPECT_TRUE(vfs_->drives().tree().unflushed()->is_flushed());
}

TEST_F(LastingTest, TheJournalMayFlushWhenTheVfsIsGone) {
  testing::furnish(vfs_->drives());
  const std::function<Result<void>()> flush = vfs_->flush();
  vfs_.reset();
  EXPECT_TRUE(flush());
}

TEST(Unflushed, WhoWroteMuchFlushesItByItself) {
  TemporaryHome home;
  Unflushed unflushed(Descriptor(open(home.path().c_str(), O_RDONLY | O_DIRECTORY)));
  Descriptor file(open((home.path() + "/file").c_str(), O_RDWR | O_CREAT, 0600));
  constexpr uint64_t mebibyte = uint64_t{1} << 20U;
  EXPECT_FALSE(unflushed.file_changed(file.get(), 15 * mebibyte));
  EXPECT_TRUE(unflushed.file_changed(file.get(), mebibyte));
  EXPECT_FALSE(unflushed.file_changed(file.get(), mebibyte)) << "counted anew";
  EXPECT_TRUE(unflushed.flush());
  EXPECT_FALSE(unflushed.file_changed(file.get(), 15 * mebibyte));
}

TEST(Unflushed, AFailureIsToldAndStays) {
  TemporaryHome home;
  Unflushed unflushed(Descriptor(open(home.path().c_str(), O_RDONLY | O_DIRECTORY)));
  std::array<int, 2> pipe_ends{};
  ASSERT_EQ(pipe(pipe_ends.data()), 0);
  const Descriptor reading(pipe_ends[0]);
  const Descriptor writing(pipe_ends[1]);
  (void)unflushed.file_changed(writing.get(), 1);  // a device that cannot be flushed
  Result<void> flushed = unflushed.flush();
  ASSERT_FALSE(flushed);
  EXPECT_THAT(flushed.error().message, HasSubstr("may not be on the disk: Invalid argument"));
  EXPECT_THAT(flushed.error().message, HasSubstr("start the node again"));
  EXPECT_FALSE(unflushed.flush()) << "the system tells of it once, and what was lost stays lost";
  EXPECT_FALSE(unflushed.is_flushed());
}

TEST(Unflushed, AFailureThatAWriterMetStaysToo) {
  TemporaryHome home;
  Unflushed unflushed(Descriptor(open(home.path().c_str(), O_RDONLY | O_DIRECTORY)));
  std::array<int, 2> pipe_ends{};
  ASSERT_EQ(pipe(pipe_ends.data()), 0);
  const Descriptor reading(pipe_ends[0]);
  const Descriptor writing(pipe_ends[1]);
  VfsResult<void> flushed = unflushed.flush_file(writing.get());
  ASSERT_FALSE(flushed);
  EXPECT_EQ(flushed.error().number, EINVAL);
  EXPECT_FALSE(unflushed.flush()) << "others, who were told that they wrote to it, may have lost that";
}

TEST_F(LastingTest, WhileTheJournalTakesNothingAChangeSaysSo) {
  testing::furnish(vfs_->drives());
  journal_.fail({"the disk is full"});
  auto written = vfs_->drives().write(vfs_path("/a:b/d/file"), bytes_of("new"));
  EXPECT_EQ(answers::error(written.error()), R"({"Err":{"IOError":"the disk is full"}})");
}

}  // namespace
}  // namespace kinode::modules::vfs
