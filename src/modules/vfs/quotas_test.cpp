// What a package's drives may hold, and that each change is counted.
#include "modules/vfs/quotas.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "modules/vfs/testing/actions.h"
#include "modules/vfs/vfs_api.h"

namespace kinode::modules::vfs {
namespace {

using testing::bytes_of;
using testing::Change;
using ::testing::HasSubstr;
using testing::TemporaryHome;
using testing::vfs_path;

template <class T>
std::string failure(const VfsResult<T>& result) {
  return result ? "" : answers::error(result.error());
}

class QuotaTest : public ::testing::Test {
 protected:
  void open(Quotas::Limits limits) {
    vfs_.reset();
    vfs_ = Vfs::open(home_.path(), {.quota = limits}).value();
    EXPECT_TRUE(drives().create_dir_all(vfs_path("/a:b/d")));
  }
  /// Bytes, and what the test makes of files.
  void open(uint64_t bytes, uint64_t files = 1'000) {
    open({.bytes = bytes, .files = files, .refuse_on = std::chrono::hours(1), .trust = std::chrono::hours(1)});
  }
  Drives& drives() { return vfs_->drives(); }
  VfsResult<void> write(std::string_view path, size_t size) {
    return drives().write(vfs_path(path), bytes_of(std::string(size, 'x')));
  }
  Usage counted(std::string_view package = "a") { return drives().usage(PackageId(std::string(package), "b")).value(); }
  /// What a walk finds, less the package's own directory.
  Usage found(const std::string& package = "a:b") {
    return measure(drives().tree().directory(), package).value() - Usage{.files = 1};
  }

  TemporaryHome home_;
  std::unique_ptr<Vfs> vfs_;
};

TEST_F(QuotaTest, AFullDriveSaysWhatIsFullHowMuchAndWhatToDo) {
  open(10);
  EXPECT_TRUE(write("/a:b/d/x", 8));
  EXPECT_EQ(failure(write("/a:b/d/y", 5)),
            R"({"Err":{"IOError":"the drives of a:b are full: they hold 8 of 10 bytes, and 5 more do not fit. )"
            R"(Remove files, or start the node with a larger --drive-quota"}})");
  EXPECT_EQ(home_.staged(), 0U);
  EXPECT_FALSE(std::filesystem::exists(home_.host("a:b/d/y")));
  EXPECT_TRUE(write("/a:b/d/y", 2));
  EXPECT_THAT(failure(drives().append(vfs_path("/a:b/d/y"), bytes_of("1"))), HasSubstr("10 of 10"));
  EXPECT_THAT(failure(drives().set_length(vfs_path("/a:b/d/y"), 3)), HasSubstr("are full"));
  EXPECT_THAT(failure(drives().copy_file(vfs_path("/a:b/d/x"), vfs_path("/a:b/d/z"))), HasSubstr("are full"));
  EXPECT_THAT(failure(drives().add_zip(vfs_path("/a:b/d"), package::testing::raw_zip({{"z", "1"}}))),
              HasSubstr("are full"));
  EXPECT_TRUE(drives().read(vfs_path("/a:b/d/x"))) << "what is there can be read";
}

TEST_F(QuotaTest, PackagesAreCountedEachForItself) {
  open(10);
  EXPECT_TRUE(write("/a:b/d/x", 10));
  EXPECT_TRUE(drives().create_dir_all(vfs_path("/c:b/d")));
  EXPECT_TRUE(write("/c:b/d/x", 10));
  EXPECT_TRUE(drives().create_dir_all(vfs_path("/a:b/e")));
  EXPECT_THAT(failure(write("/a:b/e/x", 1)), HasSubstr("are full")) << "all drives of a package together";
}

TEST_F(QuotaTest, WhatShrinksIsNeverRefused) {
  open(10);
  EXPECT_TRUE(write("/a:b/d/x", 10));
  open(5);
  EXPECT_EQ(counted().bytes, 10);
  EXPECT_TRUE(write("/a:b/d/x", 9));
  EXPECT_TRUE(write("/a:b/d/x", 9)) << "nor what stays as long";
  EXPECT_TRUE(drives().set_length(vfs_path("/a:b/d/x"), 8));
  EXPECT_TRUE(drives().write_all(vfs_path("/a:b/d/x"), bytes_of("within"))) << "nor what is overwritten";
  EXPECT_TRUE(drives().rename(vfs_path("/a:b/d/x"), vfs_path("/a:b/d/y")));
  EXPECT_THAT(failure(drives().append(vfs_path("/a:b/d/y"), bytes_of("1"))), HasSubstr("are full"));
  EXPECT_TRUE(drives().remove_file(vfs_path("/a:b/d/y")));
  EXPECT_TRUE(write("/a:b/d/x", 5));
}

TEST_F(QuotaTest, FilesAndDirectoriesAreBoundedToo) {
  open(1'000, 4);  // of these the drive is one
  EXPECT_TRUE(write("/a:b/d/1", 0));
  EXPECT_TRUE(drives().create_file(vfs_path("/a:b/d/2")));
  EXPECT_TRUE(drives().create_dir(vfs_path("/a:b/d/3")));
  EXPECT_EQ(failure(write("/a:b/d/4", 0)),
            R"({"Err":{"IOError":"the drives of a:b are full: they hold 4 of 4 files and directories. Remove some"}})");
  EXPECT_THAT(failure(drives().create_dir(vfs_path("/a:b/d/4"))), HasSubstr("are full"));
  EXPECT_THAT(failure(drives().open_file(vfs_path("/a:b/d/4"), true)), HasSubstr("are full"));
  EXPECT_THAT(failure(drives().create_file(vfs_path("/a:b/d/4"))), HasSubstr("are full"));
  EXPECT_THAT(failure(drives().create_dir_all(vfs_path("/a:b/e/f"))), HasSubstr("are full"));
  EXPECT_TRUE(drives().create_dir_all(vfs_path("/a:b/d/3"))) << "it is there";
  EXPECT_TRUE(drives().open_file(vfs_path("/a:b/d/1"), true));
  EXPECT_TRUE(drives().create_file(vfs_path("/a:b/d/1")));
}

TEST_F(QuotaTest, EveryChangeIsCountedAsAWalkFindsIt) {
  for (const Change& change : testing::changes()) {
    std::filesystem::remove_all(home_.host("a:b"));
    open(1'000'000);
    testing::furnish(drives());
    ASSERT_EQ(counted(), found()) << change.name;
    EXPECT_EQ(failure(change.make(drives())), "") << change.name;
    EXPECT_EQ(counted(), found()) << change.name;
  }
}

TEST_F(QuotaTest, AChangeThatFailsTakesNoRoom) {
  open(1'000);
  const Usage before = counted();
  EXPECT_FALSE(write("/a:b/none/x", 5));
  EXPECT_FALSE(drives().create_dir(vfs_path("/a:b/none/x")));
  EXPECT_FALSE(drives().open_file(vfs_path("/a:b/none/x"), true));
  EXPECT_FALSE(drives().create_file(vfs_path("/a:b/none/x")));
  EXPECT_FALSE(drives().append(vfs_path("/a:b/d/x"), bytes_of("1")));
  EXPECT_FALSE(drives().remove_file(vfs_path("/a:b/d/x")));
  EXPECT_FALSE(drives().remove_dir(vfs_path("/a:b/d/x")));
  EXPECT_FALSE(drives().remove_dir_all(vfs_path("/a:b/d/x")));
  EXPECT_FALSE(drives().rename(vfs_path("/a:b/d/x"), vfs_path("/c:b/d/x")));
  EXPECT_EQ(counted(), before);
}

TEST_F(QuotaTest, AFolderThatMovesToAnotherPackageIsCountedThere) {
  open(100);
  EXPECT_TRUE(drives().create_dir_all(vfs_path("/c:b/d")));
  EXPECT_TRUE(drives().create_dir_all(vfs_path("/a:b/d/folder/deep")));
  EXPECT_TRUE(write("/a:b/d/folder/deep/x", 60));
  EXPECT_TRUE(write("/c:b/d/y", 50));
  EXPECT_THAT(failure(drives().rename(vfs_path("/a:b/d/folder"), vfs_path("/c:b/d/folder"))),
              HasSubstr("the drives of c:b are full: they hold 50 of 100 bytes, and 60 more"));
  EXPECT_TRUE(write("/c:b/d/y", 40));
  EXPECT_TRUE(drives().rename(vfs_path("/a:b/d/folder"), vfs_path("/c:b/d/folder")));
  EXPECT_EQ(counted("a"), found("a:b"));
  EXPECT_EQ(counted("c"), found("c:b"));
  EXPECT_EQ(counted("c").bytes, 100);
}

TEST_F(QuotaTest, ARestartCountsAnew) {
  open(100);
  EXPECT_TRUE(write("/a:b/d/x", 60));
  home_.put("a:b/d/behind the back", "0123456789");
  open(100);
  EXPECT_EQ(counted().bytes, 70);
}

TEST_F(QuotaTest, WhatWasWrittenWithoutTheVfsIsCountedBeforeSomethingIsRefused) {
  open({.bytes = 20, .refuse_on = std::chrono::milliseconds(0), .trust = std::chrono::hours(1)});
  EXPECT_TRUE(drives().create_dir_all(vfs_path("/a:b/tmp")));
  EXPECT_TRUE(write("/a:b/tmp/x", 20));
  std::filesystem::remove(home_.host("a:b/tmp/x"));  // as WASI does
  EXPECT_TRUE(write("/a:b/d/y", 20));
}

TEST_F(QuotaTest, WhatWasWrittenWithoutTheVfsIsCountedFromTimeToTime) {
  open({.bytes = 20, .trust = std::chrono::milliseconds(0)});
  EXPECT_TRUE(drives().create_dir_all(vfs_path("/a:b/tmp")));
  home_.put("a:b/tmp/x", std::string(20, 'x'));
  EXPECT_THAT(failure(write("/a:b/d/y", 1)), HasSubstr("20 of 20 bytes"));
}

TEST_F(QuotaTest, AZipBombEndsAtTheQuota) {
  open(1'000'000);
  const Bytes zip = package::testing::raw_zip({{"small", "1"}, {"large", std::string(2'000'000, '\0')}});
  EXPECT_THAT(failure(drives().add_zip(vfs_path("/a:b/d/zip"), zip)), HasSubstr("are full"));
  EXPECT_EQ(home_.content("a:b/d/zip/small"), "1");
  EXPECT_EQ(counted(), found());
}

TEST(Quotas, HolesBeyondAllCountingAreNoRoom) {
  constexpr Usage hole{.bytes = std::numeric_limits<int64_t>::max(), .files = 1};
  Quotas quotas({.bytes = 100}, [&](const std::string& /*package*/) {
    Usage usage;
    usage += hole;
    usage += hole;
    return VfsResult<Usage>(usage);
  });
  EXPECT_FALSE(quotas.take("a:b", {.bytes = 1}));
  EXPECT_EQ(quotas.of("a:b").value(), (Usage{.bytes = hole.bytes, .files = 2}));
}

TEST_F(QuotaTest, ALinkOutOfTheDriveCountsAsALink) {
  std::ofstream(home_.path() + "/secret") << std::string(1'000, 's');
  open(100);
  std::filesystem::create_symlink("../../../secret", home_.host("a:b/d/link"));
  open(100);
  EXPECT_EQ(counted(), (Usage{.bytes = 0, .files = 2}));
}

}  // namespace
}  // namespace kinode::modules::vfs
