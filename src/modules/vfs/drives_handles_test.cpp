// Files by handle, and their one cursor.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "modules/vfs/drives.h"
#include "modules/vfs/testing/temporary_home.h"
#include "modules/vfs/vfs_api.h"

namespace kinode::modules::vfs {
namespace {

using testing::bytes_of;
using ::testing::HasSubstr;
using testing::TemporaryHome;
using testing::vfs_path;

class CursorTest : public ::testing::Test {
 protected:
  CursorTest()
      : vfs_(Vfs::open(
                 home_.path(),
                 {.handles = {.open_files = 4}, .most_bytes_read = 1'000'000, .quota = {.bytes = uint64_t{1} << 50U}})
                 .value()),
        drives_(vfs_->drives()) {
    EXPECT_TRUE(drives_.create_dir_all(vfs_path("/a:b/d")));
    EXPECT_TRUE(drives_.write(file_, bytes_of("0123456789")));
  }
  template <class T>
  static std::string failure(const VfsResult<T>& result) {
    return result ? "" : answers::error(result.error());
  }
  std::string take(uint64_t length) {
    auto bytes = drives_.read_exact(file_, length);
    return bytes ? std::string(bytes->text()) : failure(bytes);
  }
  std::string rest() {
    auto bytes = drives_.read_to_end(file_);
    return bytes ? std::string(bytes->text()) : failure(bytes);
  }
  std::string whole() { return std::string(drives_.read(file_)->text()); }
  uint64_t cursor() { return drives_.seek(file_, {SeekFrom::Kind::current, 0, 0}).value(); }
  VfsResult<uint64_t> go(uint64_t start) { return drives_.seek(file_, {SeekFrom::Kind::start, start, 0}); }

  TemporaryHome home_;
  std::unique_ptr<Vfs> vfs_;
  Drives& drives_;
  VfsPath file_ = vfs_path("/a:b/d/x");
};

TEST_F(CursorTest, ReadsGoOnWhereTheLastEnded) {
  EXPECT_EQ(take(3), "012");
  EXPECT_EQ(take(2), "34");
  EXPECT_EQ(rest(), "56789");
  EXPECT_EQ(rest(), "");
  EXPECT_TRUE(drives_.open_file(file_, false));
  EXPECT_EQ(take(1), "0") << "opening goes back to the start";
}

TEST_F(CursorTest, ByPathTheCursorIsNotUsed) {
  take(3);
  EXPECT_EQ(whole(), "0123456789");
  EXPECT_TRUE(drives_.write(file_, bytes_of("abcdefghij")));
  EXPECT_EQ(cursor(), 3U);
  EXPECT_EQ(take(2), "de") << "the open handle reads the new file";
}

TEST_F(CursorTest, V4_WhatWasWrittenIsThereAtOnce) {
  take(2);
  EXPECT_TRUE(drives_.write_all(file_, bytes_of("XY")));
  EXPECT_EQ(home_.content("a:b/d/x"), "01XY456789");
  EXPECT_EQ(cursor(), 4U);
  EXPECT_TRUE(drives_.append(file_, bytes_of("END")));
  EXPECT_EQ(home_.content("a:b/d/x"), "01XY456789END");
  EXPECT_EQ(cursor(), 13U);
  EXPECT_TRUE(drives_.write(file_, bytes_of("new")));
  EXPECT_TRUE(drives_.append(file_, bytes_of("er")));
  EXPECT_EQ(home_.content("a:b/d/x"), "newer");
  EXPECT_TRUE(drives_.sync_all(file_));
}

TEST_F(CursorTest, WriteAllAndAppendNeedAFile) {
  VfsPath none = vfs_path("/a:b/d/none");
  EXPECT_THAT(failure(drives_.write_all(none, bytes_of("1"))), HasSubstr("os error 2"));
  EXPECT_THAT(failure(drives_.append(none, bytes_of("1"))), HasSubstr("os error 2"));
  EXPECT_THAT(failure(drives_.open_file(none, false)), HasSubstr("os error 2"));
  EXPECT_EQ(failure(drives_.open_file(none, true)), "");
  EXPECT_EQ(failure(drives_.write_all(none, bytes_of("1"))), "");
  drives_.close_file(vfs_path("/a:b/d/never"));
}

TEST_F(CursorTest, V5_ReadExactIsBoundedByTheFile) {
  take(4);
  EXPECT_EQ(take(7), R"({"Err":{"IOError":"early eof"}})");
  EXPECT_EQ(take(UINT64_MAX), R"({"Err":{"IOError":"early eof"}})");
  EXPECT_EQ(cursor(), 4U);
  EXPECT_EQ(take(6), "456789");
  EXPECT_EQ(take(0), "");
  EXPECT_EQ(take(1), R"({"Err":{"IOError":"early eof"}})");
  EXPECT_TRUE(go(1'000));
  EXPECT_EQ(take(0), "");
}

TEST_F(CursorTest, V5_AFileThatOnlyStatesItsLengthIsNotAllocated) {
  EXPECT_TRUE(drives_.set_length(file_, uint64_t{1} << 42U));
  EXPECT_THAT(failure(drives_.read(file_)), HasSubstr("read it in parts"));
  EXPECT_THAT(rest(), HasSubstr("read it in parts"));
  EXPECT_THAT(take(uint64_t{1} << 41U), HasSubstr("read it in parts"));
  EXPECT_EQ(take(3), "012");
}

TEST_F(CursorTest, SeekGoesAnywhereButBeforeTheStart) {
  EXPECT_EQ(*drives_.seek(file_, {SeekFrom::Kind::end, 0, -3}), 7U);
  EXPECT_EQ(rest(), "789");
  EXPECT_EQ(*drives_.seek(file_, {SeekFrom::Kind::current, 0, -2}), 8U);
  EXPECT_EQ(*drives_.seek(file_, {SeekFrom::Kind::end, 0, 5}), 15U);
  EXPECT_EQ(rest(), "");
  EXPECT_TRUE(drives_.write_all(file_, bytes_of("!")));
  EXPECT_EQ(home_.content("a:b/d/x"), std::string("0123456789\0\0\0\0\0!", 16));
  std::string invalid = R"json({"Err":{"IOError":"Invalid argument (os error 22)"}})json";
  EXPECT_EQ(failure(drives_.seek(file_, {SeekFrom::Kind::end, 0, -17})), invalid);
  EXPECT_EQ(failure(drives_.seek(file_, {SeekFrom::Kind::current, 0, INT64_MIN})), invalid);
  EXPECT_EQ(failure(go(UINT64_MAX)), invalid);
  EXPECT_EQ(cursor(), 16U);
  EXPECT_TRUE(go(INT64_MAX));
  EXPECT_EQ(failure(drives_.seek(file_, {SeekFrom::Kind::current, 0, INT64_MAX})), invalid);
  EXPECT_FALSE(drives_.write_all(file_, bytes_of("!")));
}

TEST_F(CursorTest, LengthsAreChangedUnderTheCursor) {
  take(5);
  EXPECT_TRUE(drives_.set_length(file_, 3));
  EXPECT_EQ(*drives_.length(file_), 3U);
  EXPECT_EQ(cursor(), 5U);
  EXPECT_TRUE(drives_.set_length(file_, 6));
  EXPECT_EQ(whole(), std::string("012\0\0\0", 6));
  EXPECT_FALSE(drives_.set_length(file_, UINT64_MAX));
  EXPECT_THAT(failure(drives_.length(vfs_path("/a:b/d"))), HasSubstr("os error 21"));
}

TEST_F(CursorTest, HashIsOfTheWholeFileAndLeavesTheCursorAtItsEnd) {
  take(5);
  EXPECT_EQ(*drives_.hash(file_), package::sha256(bytes_of("0123456789")));
  EXPECT_EQ(cursor(), 10U);
}

TEST_F(CursorTest, AFileThatOnlyStatesItsLengthIsNotHashed) {
  take(5);
  EXPECT_TRUE(drives_.set_length(file_, uint64_t{1} << 42U));
  EXPECT_THAT(failure(drives_.hash(file_)), HasSubstr("os error 27")) << "it would take an hour";
  EXPECT_EQ(cursor(), 5U);
}

TEST_F(CursorTest, ReadToStringWantsText) {
  take(8);
  EXPECT_EQ(*drives_.read_to_string(file_), "89");
  EXPECT_TRUE(drives_.write(file_, bytes_of("\xff\xfe")));
  EXPECT_TRUE(go(0));
  EXPECT_EQ(failure(drives_.read_to_string(file_)), R"({"Err":{"IOError":"stream did not contain valid UTF-8"}})");
}

TEST_F(CursorTest, CreateFileEmptiesAndGoesToTheStart) {
  take(5);
  EXPECT_TRUE(drives_.create_file(file_));
  EXPECT_EQ(cursor(), 0U);
  EXPECT_EQ(whole(), "");
  EXPECT_EQ(drives_.handles().open_files(), 1U);
}

TEST_F(CursorTest, CursorsOutliveTheLimitOfOpenFiles) {
  take(5);
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(drives_.create_file(vfs_path("/a:b/d/other" + std::to_string(i))));
  }
  EXPECT_LE(drives_.handles().open_files(), 4U);
  EXPECT_EQ(rest(), "56789");
}

TEST_F(CursorTest, V3_AClosedFileStartsAgain) {
  for (bool close : {true, false}) {
    EXPECT_TRUE(drives_.write(file_, bytes_of("0123456789")));
    EXPECT_TRUE(go(5));
    for (int i = 0; i < 10; ++i) {
      EXPECT_TRUE(drives_.create_file(vfs_path("/a:b/d/other" + std::to_string(i))));
    }
    if (close) {
      drives_.close_file(file_);
      EXPECT_EQ(rest(), "0123456789");
    } else {
      EXPECT_TRUE(drives_.create_file(file_));
      EXPECT_TRUE(drives_.write_all(file_, bytes_of("x")));
      EXPECT_EQ(whole(), "x") << "no hole before it";
    }
  }
}

TEST_F(CursorTest, V6_RemoveAndRenameLeaveNoHandleBehind) {
  take(5);
  EXPECT_TRUE(drives_.remove_file(file_));
  EXPECT_THAT(rest(), HasSubstr("os error 2"));

  EXPECT_TRUE(drives_.write(file_, bytes_of("first")));
  EXPECT_TRUE(drives_.write(vfs_path("/a:b/d/y"), bytes_of("second")));
  take(1);
  EXPECT_TRUE(drives_.rename(vfs_path("/a:b/d/y"), file_));
  EXPECT_EQ(rest(), "second");

  EXPECT_TRUE(drives_.rename(vfs_path("/a:b/d"), vfs_path("/a:b/e")));
  EXPECT_THAT(rest(), HasSubstr("os error 2")) << "below a renamed directory";
  EXPECT_TRUE(drives_.remove_dir_all(vfs_path("/a:b/e")));
  EXPECT_EQ(drives_.handles().open_files(), 0U);
}

TEST_F(CursorTest, CopyOntoAnOpenFileIsReadThroughItsHandle) {
  take(2);
  EXPECT_TRUE(drives_.write(vfs_path("/a:b/d/y"), bytes_of("abcdef")));
  EXPECT_TRUE(drives_.copy_file(vfs_path("/a:b/d/y"), file_));
  EXPECT_EQ(rest(), "cdef");
}

TEST_F(CursorTest, WritersAndReadersByManyThreadsSeeWholeFiles) {
  std::string small(10, 's');
  std::string large(100'000, 'l');
  EXPECT_TRUE(drives_.write(file_, bytes_of(small)));
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < 100; ++round) {
        if (i % 2 == 0) {
          EXPECT_TRUE(drives_.write(file_, bytes_of(i == 0 ? small : large)));
          EXPECT_TRUE(drives_.open_file(file_, false));
          drives_.close_file(file_);
        } else {
          std::string seen = whole();
          EXPECT_TRUE(seen == small || seen == large) << seen.size();
        }
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
}

}  // namespace
}  // namespace kinode::modules::vfs
