// Directories, and files by path.
#include "modules/vfs/drives.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "modules/vfs/testing/temporary_home.h"
#include "modules/vfs/vfs_api.h"
#include "package/testing/raw_zip.h"

namespace kinode::modules::vfs {
namespace {

namespace fs = std::filesystem;
using package::testing::raw_zip;
using testing::bytes_of;
using ::testing::HasSubstr;
using testing::TemporaryHome;
using ::testing::UnorderedElementsAre;
using testing::vfs_path;

/// "" or the error as guests get it.
template <class T>
std::string failure(const VfsResult<T>& result) {
  return result ? "" : answers::error(result.error());
}

constexpr std::string_view no_such_file = R"json({"Err":{"IOError":"No such file or directory (os error 2)"}})json";

class VfsTest : public ::testing::Test {
 protected:
  VfsTest() : vfs_(Vfs::open(home_.path()).value()), drives_(vfs_->drives()) {
    EXPECT_TRUE(drives_.create_dir_all(vfs_path("/a:b/d")));
    EXPECT_TRUE(drives_.create_dir_all(vfs_path("/a:b/tmp")));
  }
  ~VfsTest() override { EXPECT_EQ(home_.staged(), 0U) << "something stayed in the staging directory"; }

  VfsResult<void> write(std::string_view path, std::string_view text) {
    return drives_.write(vfs_path(path), bytes_of(text));
  }
  std::string read(std::string_view path) {
    auto bytes = drives_.read(vfs_path(path));
    return bytes ? std::string(bytes->text()) : failure(bytes);
  }
  std::string unpack(std::string_view path, const Bytes& zip) { return failure(drives_.add_zip(vfs_path(path), zip)); }

  TemporaryHome home_;
  std::unique_ptr<Vfs> vfs_;
  Drives& drives_;
};

TEST(Drives, AListIsNotLongerThanAnAnswerMayBe) {
  TemporaryHome home;
  auto vfs = Vfs::open(home.path(), {.most_bytes_read = 40}).value();
  ASSERT_TRUE(vfs->drives().create_dir_all(vfs_path("/a:b/d/folder/1")));
  ASSERT_TRUE(vfs->drives().create_dir_all(vfs_path("/a:b/d/folder/2")));
  EXPECT_EQ(vfs->drives().read_dir(vfs_path("/a:b/d/folder"))->size(), 2U) << "a:b/d/folder/1: 14 bytes";
  ASSERT_TRUE(vfs->drives().create_dir(vfs_path("/a:b/d/folder/3")));
  EXPECT_EQ(
      failure(vfs->drives().read_dir(vfs_path("/a:b/d/folder"))),
      R"({"Err":{"IOError":"the paths of its 3 entries have 42 bytes, more than the 40 that one answer may hold"}})");
}

TEST_F(VfsTest, DirectoriesAreMadeListedAndRemoved) {
  EXPECT_EQ(failure(drives_.create_dir(vfs_path("/a:b/d/x/y"))), no_such_file);
  EXPECT_EQ(failure(drives_.create_dir(vfs_path("/a:b/d/x"))), "");
  EXPECT_THAT(failure(drives_.create_dir(vfs_path("/a:b/d/x"))), HasSubstr("File exists (os error 17)"));
  EXPECT_EQ(failure(drives_.create_dir_all(vfs_path("/a:b/d/x/y/z"))), "");
  EXPECT_EQ(failure(drives_.create_dir_all(vfs_path("/a:b/d/x/y/z"))), "");
  EXPECT_TRUE(write("/a:b/d/x/file", "1"));
  EXPECT_THAT(failure(drives_.create_dir_all(vfs_path("/a:b/d/x/file"))), HasSubstr("os error 17"));
  EXPECT_THAT(failure(drives_.create_dir_all(vfs_path("/a:b/d/x/file/z"))), HasSubstr("os error 20"));
  EXPECT_THAT(failure(drives_.remove_dir(vfs_path("/a:b/d/x"))), HasSubstr("os error 39"));
  EXPECT_EQ(failure(drives_.remove_dir(vfs_path("/a:b/d/x/y/z"))), "");
  EXPECT_EQ(failure(drives_.remove_dir_all(vfs_path("/a:b/d/x"))), "");
  EXPECT_EQ(failure(drives_.remove_dir_all(vfs_path("/a:b/d/x"))), no_such_file);
  EXPECT_EQ(failure(drives_.remove_dir_all(vfs_path("/a:b/d"))), "") << "a drive too";
  EXPECT_EQ(failure(drives_.create_dir_all(vfs_path("/new:pkg/drive/x"))), "") << "makes the drive";
}

TEST_F(VfsTest, ReadDirNamesFilesAsRequestsTakeThem) {
  EXPECT_TRUE(write("/a:b/tmp/file", "1"));
  EXPECT_TRUE(drives_.create_dir(vfs_path("/a:b/tmp/dir")));
  fs::create_symlink("file", home_.host("a:b/tmp/link"));
  auto listed = drives_.read_dir(vfs_path("a:b/tmp"));
  ASSERT_TRUE(listed);
  std::vector<std::string> lines;
  for (const ListedFile& file : *listed) {
    lines.push_back(answers::read_dir({file}));
  }
  EXPECT_THAT(lines, UnorderedElementsAre(R"({"ReadDir":[{"path":"a:b/tmp/file","file_type":"File"}]})",
                                          R"({"ReadDir":[{"path":"a:b/tmp/dir","file_type":"Directory"}]})",
                                          R"({"ReadDir":[{"path":"a:b/tmp/link","file_type":"Symlink"}]})"));
  EXPECT_EQ(failure(drives_.read_dir(vfs_path("/a:b/none"))), no_such_file);
  EXPECT_THAT(failure(drives_.read_dir(vfs_path("/a:b/tmp/file"))), HasSubstr("os error 20"));
  auto root = drives_.read_root();
  ASSERT_EQ(root->size(), 1U) << "what is being staged is not shown";
  EXPECT_EQ(root->front().path, "a:b");
}

TEST_F(VfsTest, FilesAreWrittenReadAndRemoved) {
  EXPECT_EQ(read("/a:b/d/x"), no_such_file);
  EXPECT_EQ(failure(write("/a:b/none/x", "1")), no_such_file);
  EXPECT_TRUE(write("/a:b/d/x", "first and long"));
  EXPECT_TRUE(write("/a:b/d/x", "second"));
  EXPECT_EQ(read("/a:b/d/x"), "second");
  EXPECT_EQ(home_.content("a:b/d/x"), "second");
  EXPECT_TRUE(write("/a:b/d/x", ""));
  EXPECT_EQ(read("/a:b/d/x"), "");
  EXPECT_THAT(failure(write("/a:b/d", "1")), HasSubstr("Is a directory (os error 21)"));
  EXPECT_THAT(read("/a:b/d"), HasSubstr("Is a directory (os error 21)"));
  EXPECT_TRUE(write("/a:b/loose", "a file where a drive could be"));
  EXPECT_EQ(read("/a:b/loose"), "a file where a drive could be");
  EXPECT_EQ(failure(drives_.remove_file(vfs_path("/a:b/d/x"))), "");
  EXPECT_EQ(failure(drives_.remove_file(vfs_path("/a:b/d/x"))), no_such_file);
  EXPECT_FALSE(drives_.remove_file(vfs_path("/a:b/d")));
  EXPECT_THAT(failure(write("/a:b/d/" + std::string(300, 'n'), "1")), HasSubstr("os error 36"));
}

TEST_F(VfsTest, WriteReplacesAFileAsAWholeAndKeepsItsPermissions) {
  EXPECT_TRUE(write("/a:b/d/x", "old"));
  fs::permissions(home_.host("a:b/d/x"), fs::perms(0640));
  std::ifstream reader(home_.host("a:b/d/x"));
  EXPECT_TRUE(write("/a:b/d/x", "new"));
  std::string seen;
  reader >> seen;
  EXPECT_EQ(seen, "old") << "who had it open sees all of the old";
  EXPECT_EQ(fs::status(home_.host("a:b/d/x")).permissions(), fs::perms(0640));
  EXPECT_EQ(drives_.read_dir(vfs_path("/a:b/d"))->size(), 1U);
}

TEST_F(VfsTest, MetadataFollowsLinks) {
  EXPECT_TRUE(write("/a:b/tmp/x", "12345"));
  fs::create_symlink("x", home_.host("a:b/tmp/link"));
  EXPECT_EQ(answers::metadata(*drives_.metadata(vfs_path("/a:b/tmp/link"))),
            R"({"Metadata":{"file_type":"File","len":5}})");
  EXPECT_EQ(drives_.metadata(vfs_path("/a:b/tmp"))->kind, FileKind::directory);
  EXPECT_EQ(failure(drives_.metadata(vfs_path("/a:b/tmp/none"))), no_such_file);
}

TEST_F(VfsTest, RenameAndCopy) {
  EXPECT_TRUE(write("/a:b/d/x", "content"));
  EXPECT_TRUE(write("/a:b/d/y", "replaced"));
  EXPECT_EQ(failure(drives_.rename(vfs_path("/a:b/d/x"), vfs_path("/a:b/none/x"))), no_such_file);
  EXPECT_EQ(failure(drives_.rename(vfs_path("/a:b/d/x"), vfs_path("/a:b/d/y"))), "");
  EXPECT_EQ(read("/a:b/d/y"), "content");
  EXPECT_EQ(read("/a:b/d/x"), no_such_file);
  fs::permissions(home_.host("a:b/d/y"), fs::perms(0600));
  EXPECT_EQ(failure(drives_.copy_file(vfs_path("/a:b/d/y"), vfs_path("/a:b/tmp/z"))), "");
  EXPECT_EQ(read("/a:b/tmp/z"), "content");
  EXPECT_EQ(fs::status(home_.host("a:b/tmp/z")).permissions(), fs::perms(0600));
  EXPECT_EQ(failure(drives_.copy_file(vfs_path("/a:b/tmp/z"), vfs_path("/a:b/tmp/z"))), "");
  EXPECT_EQ(read("/a:b/tmp/z"), "content") << "a file copied onto itself stays";
  EXPECT_EQ(failure(drives_.copy_file(vfs_path("/a:b/tmp/none"), vfs_path("/a:b/tmp/z"))), no_such_file);
}

TEST_F(VfsTest, ACopyTakesNoMoreOfTheDiskThanTheFile) {
  constexpr uint64_t middle = uint64_t{1} << 33U;
  const VfsPath file = vfs_path("/a:b/d/x");
  const VfsPath copy = vfs_path("/a:b/d/y");
  EXPECT_TRUE(write("/a:b/d/x", "content"));
  EXPECT_TRUE(drives_.seek(file, {SeekFrom::Kind::start, middle, 0}));
  EXPECT_TRUE(drives_.write_all(file, bytes_of("middle")));
  EXPECT_TRUE(drives_.set_length(file, 2 * middle));
  EXPECT_EQ(failure(drives_.copy_file(file, copy)), "");
  EXPECT_EQ(drives_.length(copy), 2 * middle);
  EXPECT_EQ(drives_.read_exact(copy, 8)->text(), std::string_view("content\0", 8));
  EXPECT_TRUE(drives_.seek(copy, {SeekFrom::Kind::start, middle - 1, 0}));
  EXPECT_EQ(drives_.read_exact(copy, 8)->text(), std::string_view("\0middle\0", 8));
  struct stat status{};
  ASSERT_EQ(stat(home_.host("a:b/d/y").c_str(), &status), 0);
  EXPECT_LT(status.st_blocks * 512, 1 << 20);
}

TEST_F(VfsTest, V6_RenameUsesTheNormalisedPath) {
  EXPECT_TRUE(write("/a:b/d/x", "content"));
  EXPECT_EQ(failure(drives_.rename(vfs_path("/a:b/d/x"), vfs_path("//a:b/tmp/../d/./y"))), "");
  EXPECT_EQ(read("/a:b/d/y"), "content");
}

// ---- links ----------------------------------------------------------------------------------------

class LinkTest : public VfsTest {
 protected:
  LinkTest() {
    std::ofstream(fs::path(home_.path()) / "secret") << "secret";
    EXPECT_TRUE(drives_.create_dir_all(vfs_path("/c:d/other")));
    EXPECT_TRUE(write("/c:d/other/file", "foreign"));
  }
  void link(std::string_view to, std::string_view name) { fs::create_symlink(to, home_.host("a:b/tmp") / name); }
  [[nodiscard]] std::string secret() const {
    std::string text;
    std::ifstream(fs::path(home_.path()) / "secret") >> text;
    return text;
  }
};

TEST_F(LinkTest, S7_symlink_in_tmp_does_not_leave_the_drive) {
  link("../../../secret", "up");
  link(home_.path() + "/secret", "absolute");
  link("../../../../../../../../../../etc/passwd", "far");
  link("../../c:d/other/file", "foreign");
  link("/proc/self/root/etc/passwd", "magic");
  link("up", "twice");
  for (const char* name : {"up", "absolute", "far", "foreign", "magic", "twice"}) {
    VfsPath path = vfs_path("/a:b/tmp/" + std::string(name));
    EXPECT_FALSE(drives_.read(path)) << name;
    EXPECT_FALSE(drives_.write(path, bytes_of("evil"))) << name;
    EXPECT_FALSE(drives_.open_file(path, false)) << name;
    EXPECT_FALSE(drives_.open_file(path, true)) << name;
    EXPECT_FALSE(drives_.create_file(path)) << name;
    EXPECT_FALSE(drives_.append(path, bytes_of("evil"))) << name;
    EXPECT_FALSE(drives_.read_to_end(path)) << name;
    EXPECT_FALSE(drives_.set_length(path, 0)) << name;
    EXPECT_FALSE(drives_.hash(path)) << name;
    EXPECT_FALSE(drives_.metadata(path)) << name;
    EXPECT_FALSE(drives_.copy_file(path, vfs_path("/a:b/d/stolen"))) << name;
    EXPECT_FALSE(drives_.copy_file(vfs_path("/c:d/other/file"), path)) << name;
  }
  EXPECT_EQ(secret(), "secret");
  EXPECT_EQ(read("/c:d/other/file"), "foreign");
  EXPECT_THAT(failure(drives_.read(vfs_path("/a:b/tmp/up"))), HasSubstr("leads out of its drive"));
}

TEST_F(LinkTest, S7_directories_behind_a_link_are_not_reached) {
  link("../../c:d/other", "dir");
  link("../../..", "home");
  for (const char* name : {"dir", "home"}) {
    std::string base = "/a:b/tmp/" + std::string(name);
    EXPECT_FALSE(drives_.read_dir(vfs_path(base))) << name;
    EXPECT_FALSE(drives_.read(vfs_path(base + "/file"))) << name;
    EXPECT_FALSE(drives_.create_dir(vfs_path(base + "/made"))) << name;
    EXPECT_FALSE(drives_.create_dir_all(vfs_path(base + "/made/deep"))) << name;
    EXPECT_FALSE(drives_.remove_file(vfs_path(base + "/file"))) << name;
    EXPECT_FALSE(drives_.remove_file(vfs_path(base + "/secret"))) << name;
    EXPECT_FALSE(drives_.remove_dir(vfs_path(base + "/vfs"))) << name;
    EXPECT_FALSE(drives_.remove_dir_all(vfs_path(base + "/vfs"))) << name;
    EXPECT_FALSE(drives_.rename(vfs_path(base + "/file"), vfs_path("/a:b/d/stolen"))) << name;
    EXPECT_FALSE(drives_.rename(vfs_path("/a:b/d"), vfs_path(base + "/d"))) << name;
    EXPECT_FALSE(write(base + "/made", "evil")) << name;
    EXPECT_NE(unpack(base, raw_zip({{"made", "evil"}})), "") << name;
    EXPECT_NE(unpack("/a:b/tmp", raw_zip({{std::string(name) + "/made", "evil"}})), "") << name;
  }
  EXPECT_EQ(read("/c:d/other/file"), "foreign");
  EXPECT_EQ(secret(), "secret");
  EXPECT_FALSE(fs::exists(fs::path(home_.path()) / "made"));
  EXPECT_FALSE(fs::exists(home_.host("c:d/other/made")));
}

TEST_F(LinkTest, S7_removing_a_tree_does_not_follow_links) {
  fs::create_directories(home_.host("a:b/tmp/tree"));
  fs::create_symlink("../../../c:d/other", home_.host("a:b/tmp/tree/link"));
  link("../../c:d/other", "link");
  EXPECT_EQ(failure(drives_.remove_dir_all(vfs_path("/a:b/tmp/tree"))), "");
  EXPECT_EQ(failure(drives_.remove_dir_all(vfs_path("/a:b/tmp/link"))), "");
  EXPECT_FALSE(fs::exists(fs::symlink_status(home_.host("a:b/tmp/link"))));
  EXPECT_EQ(read("/c:d/other/file"), "foreign");
}

TEST_F(LinkTest, S7_a_drive_or_package_that_is_a_link_is_not_served) {
  fs::create_directory_symlink("../c:d/other", home_.host("a:b/linked"));
  fs::create_directory_symlink("c:d", home_.host("e:f"));
  EXPECT_FALSE(drives_.read(vfs_path("/a:b/linked/file")));
  EXPECT_FALSE(drives_.read_dir(vfs_path("/a:b/linked")));
  EXPECT_FALSE(drives_.read(vfs_path("/e:f/other/file")));
  EXPECT_FALSE(vfs_->host_tmp_dir(PackageId("e", "f")));
  fs::create_directory_symlink("../../..", home_.host("c:d/tmp"));
  EXPECT_FALSE(vfs_->host_tmp_dir(PackageId("c", "d")));
}

TEST_F(LinkTest, S7_a_link_that_is_renamed_or_written_over_leads_nowhere_new) {
  link("../../../secret", "up");
  EXPECT_EQ(failure(drives_.rename(vfs_path("/a:b/tmp/up"), vfs_path("/a:b/d/up"))), "");
  EXPECT_TRUE(fs::is_symlink(home_.host("a:b/d/up"))) << "the link itself was moved";
  EXPECT_FALSE(drives_.read(vfs_path("/a:b/d/up")));
  EXPECT_FALSE(write("/a:b/d/up", "evil"));
  EXPECT_NE(unpack("/a:b/d", raw_zip({{"up", "evil"}})), "");
  EXPECT_TRUE(write("/a:b/d/good", "good"));
  EXPECT_EQ(failure(drives_.rename(vfs_path("/a:b/d/good"), vfs_path("/a:b/d/up"))), "");
  EXPECT_EQ(read("/a:b/d/up"), "good") << "the file took the link's place";
  EXPECT_EQ(secret(), "secret");
}

TEST_F(LinkTest, S7_a_range_is_not_read_through_a_link_that_leads_out) {
  link("../../../secret", "up");
  EXPECT_THAT(failure(drives_.read_range(vfs_path("/a:b/tmp/up"), 0, 6)), HasSubstr("leads out of its drive"));
}

TEST_F(LinkTest, LinksThatStayInTheDriveAreFollowed) {
  EXPECT_TRUE(drives_.create_dir(vfs_path("/a:b/tmp/dir")));
  EXPECT_TRUE(write("/a:b/tmp/dir/file", "content"));
  link("dir/file", "file");
  link("dir/../dir", "dirs");
  EXPECT_EQ(read("/a:b/tmp/file"), "content");
  EXPECT_EQ(read("/a:b/tmp/dirs/file"), "content");
  EXPECT_EQ(failure(write("/a:b/tmp/file", "through")), "");
  EXPECT_EQ(read("/a:b/tmp/dir/file"), "through");
  EXPECT_TRUE(fs::is_symlink(home_.host("a:b/tmp/file"))) << "the link stays one";
  EXPECT_EQ(failure(drives_.create_dir_all(vfs_path("/a:b/tmp/dirs/new"))), "");
  EXPECT_TRUE(fs::is_directory(home_.host("a:b/tmp/dir/new")));
  EXPECT_EQ(failure(drives_.remove_file(vfs_path("/a:b/tmp/file"))), "");
  EXPECT_EQ(read("/a:b/tmp/dir/file"), "through") << "the link is removed, not the file";
}

TEST_F(LinkTest, AFileOfTwoNamesStaysOneFile) {
  EXPECT_TRUE(write("/a:b/tmp/one", "1"));
  fs::create_hard_link(home_.host("a:b/tmp/one"), home_.host("a:b/tmp/two"));
  EXPECT_TRUE(write("/a:b/tmp/one", "changed"));
  EXPECT_EQ(read("/a:b/tmp/two"), "changed");
}

TEST_F(LinkTest, SpecialFilesAreRefusedWithoutWaiting) {
  ASSERT_EQ(mkfifo(home_.host("a:b/tmp/pipe").c_str(), 0600), 0);
  EXPECT_FALSE(drives_.read(vfs_path("/a:b/tmp/pipe")));
  EXPECT_FALSE(write("/a:b/tmp/pipe", "1"));
  EXPECT_FALSE(drives_.open_file(vfs_path("/a:b/tmp/pipe"), false));
  EXPECT_EQ(drives_.metadata(vfs_path("/a:b/tmp/pipe"))->kind, FileKind::other);
}

// ---- zips -----------------------------------------------------------------------------------------

TEST_F(VfsTest, P1_AddZipMakesMissingParents) {
  EXPECT_EQ(unpack("/a:b/pkg", raw_zip({{"deep/er/x", "content"}, {"manifest.json", "[]"}})), "");
  EXPECT_EQ(read("/a:b/pkg/deep/er/x"), "content");
  EXPECT_EQ(read("/a:b/pkg/manifest.json"), "[]");
}

TEST_F(VfsTest, AddZipAddsToWhatIsThere) {
  EXPECT_TRUE(write("/a:b/d/kept", "kept"));
  EXPECT_TRUE(write("/a:b/d/x", "old"));
  EXPECT_EQ(unpack("/a:b/d", raw_zip({{"dir/", "", AE_IFDIR}, {"x", "new"}, {"y", ""}})), "");
  EXPECT_EQ(read("/a:b/d/x"), "new");
  EXPECT_EQ(read("/a:b/d/y"), "");
  EXPECT_EQ(read("/a:b/d/kept"), "kept");
  EXPECT_EQ(drives_.metadata(vfs_path("/a:b/d/dir"))->kind, FileKind::directory);
}

TEST_F(VfsTest, P2_S8_zip_that_leads_out_is_refused_whole) {
  for (const char* name : {"../x", "a/../../x", "/x", "..\\x", "../../../c:d/other/x"}) {
    EXPECT_THAT(unpack("/a:b/d", raw_zip({{"fine", "1"}, {name, "evil"}})), HasSubstr("ParseError")) << name;
  }
  EXPECT_THAT(unpack("/a:b/d", raw_zip({{"fine", "1"}, {"link", "/etc", AE_IFLNK}})), HasSubstr("'link' is a link"));
  EXPECT_TRUE(drives_.read_dir(vfs_path("/a:b/d"))->empty()) << "nothing was unpacked";
  EXPECT_FALSE(fs::exists(home_.host("a:b/x")));
}

TEST_F(VfsTest, S8_zip_names_with_backslashes_and_links_as_entries_write_nothing) {
  for (const char* name : {"..\\x", "\\absolute", "a\\..\\..\\x"}) {
    (void)unpack("/a:b/d", raw_zip({{name, "evil"}}));
  }
  EXPECT_NE(unpack("/a:b/d", raw_zip({{"link", "../../../secret", AE_IFLNK}})), "");
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(home_.path())) {
    EXPECT_NE(entry.path().filename(), "x") << entry.path();
    EXPECT_FALSE(entry.is_symlink() || entry.is_other()) << entry.path();
  }
}

TEST_F(VfsTest, V9_a_zip_of_too_many_entries_is_refused_whole) {
  const auto few = Vfs::open(home_.path(), {.archive = {.entries = 2}}).value();
  const Bytes zip = raw_zip({{"1", ""}, {"2", ""}, {"3", ""}});
  EXPECT_THAT(failure(few->drives().add_zip(vfs_path("/a:b/d"), zip)), HasSubstr("ParseError"));
  EXPECT_TRUE(drives_.read_dir(vfs_path("/a:b/d"))->empty());
}

TEST_F(VfsTest, RangesAreReadWithoutTheRestAndWithoutACursor) {
  const VfsPath file = vfs_path("/a:b/d/x");
  EXPECT_TRUE(drives_.write(file, bytes_of("0123456789")));
  EXPECT_EQ(drives_.read_exact(file, 3)->text(), "012");
  EXPECT_EQ(drives_.read_range(file, 4, 3)->text(), "456");
  EXPECT_EQ(drives_.read_range(file, 8, 3)->text(), "89") << "short at the end";
  EXPECT_EQ(drives_.read_range(file, 10, 1)->text(), "");
  EXPECT_EQ(drives_.read_range(file, UINT64_MAX, UINT64_MAX)->text(), "");
  EXPECT_EQ(drives_.read_range(file, 0, UINT64_MAX)->text(), "0123456789");
  EXPECT_EQ(drives_.read_exact(file, 3)->text(), "345") << "the cursor stayed";
  EXPECT_EQ(failure(drives_.read_range(vfs_path("/a:b/d/none"), 0, 1)), no_such_file);
  EXPECT_TRUE(drives_.set_length(file, uint64_t{1} << 35U));
  EXPECT_EQ(drives_.read_range(file, (uint64_t{1} << 35U) - 2, 5)->size(), 2U);
  EXPECT_THAT(failure(drives_.read_range(file, 0, uint64_t{1} << 34U)), HasSubstr("read it in parts"));
}

TEST_F(VfsTest, V9_a_zip_bomb_is_refused_before_it_is_unpacked) {
  package::ArchiveWriter writer;
  ASSERT_TRUE(writer.add_file("zeros", Bytes::from(std::string(70U << 20U, '\0'))));
  EXPECT_THAT(unpack("/a:b/d", *writer.finish()), HasSubstr("times its packed size"));
  EXPECT_TRUE(drives_.read_dir(vfs_path("/a:b/d"))->empty());
}

TEST_F(VfsTest, V9_an_entry_that_cannot_be_unpacked_leaves_the_old_file) {
  EXPECT_TRUE(write("/a:b/d/x", "old"));
  Bytes zip = raw_zip({{"x", std::string(10'000, 'x')}});
  std::string broken(zip.text());
  broken.replace(broken.find("PK\x03\x04") + 60, 8, 8, '\xff');
  EXPECT_EQ(unpack("/a:b/d", Bytes::from(std::move(broken))), R"({"Err":"UnzipError"})");
  EXPECT_EQ(read("/a:b/d/x"), "old");
}

TEST_F(VfsTest, WhatIsNoZipIsAParseErrorWithThePathOfTheRequest) {
  std::string answer = unpack("/a:b/d", Bytes::copy_of("no zip"));
  EXPECT_THAT(answer, HasSubstr(R"({"Err":{"ParseError":{"error":")"));
  EXPECT_THAT(answer, HasSubstr(R"("path":"a:b/d"}}})"));
}

// ---- what a crash leaves --------------------------------------------------------------------------

TEST_F(VfsTest, StagedFilesOfACrashAreGoneAtTheNextStart) {
  home_.put(".staging/7", "half a file");
  fs::create_directories(home_.host(".staging/9/tree"));
  vfs_.reset();
  vfs_ = Vfs::open(home_.path()).value();
  EXPECT_EQ(home_.staged(), 0U);
}

TEST_F(VfsTest, AVeryDeepTreeIsRemovedWithFewFilesOpen) {
  fs::path at = home_.host("a:b/tmp/deep");
  fs::create_directory(at);
  for (int i = 0; i < 300; ++i) {
    at /= "d";
    fs::create_directory(at);
  }
  EXPECT_EQ(failure(drives_.remove_dir_all(vfs_path("/a:b/tmp/deep"))), "");
  EXPECT_FALSE(fs::exists(home_.host("a:b/tmp/deep")));
}

}  // namespace
}  // namespace kinode::modules::vfs
