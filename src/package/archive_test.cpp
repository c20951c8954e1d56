#include "package/archive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <time.h>

#include <filesystem>
#include <fstream>

#include "package/hash.h"
#include "package/testing/raw_zip.h"

namespace kinode::package {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Header;
using testing::raw_zip;
using testing::RawEntry;
using testing::with_field;

std::string refusal(const Result<Archive>& archive) { return archive ? "" : archive.error().message; }

Bytes zip_of(const std::vector<std::pair<std::string, std::string>>& files) {
  ArchiveWriter writer;
  for (const auto& [name, content] : files) {
    EXPECT_TRUE(writer.add_file(name, Bytes::copy_of(content)));
  }
  return writer.finish().value();
}

std::vector<std::string> names(const Archive& archive) {
  std::vector<std::string> all;
  for (const ArchiveEntry& entry : archive.entries()) {
    all.push_back(entry.name + (entry.is_directory ? "/" : ""));
  }
  return all;
}

TEST(ArchiveTest, ReadsWhatItWrote) {
  Archive archive =
      Archive::open(zip_of({{"b/c.txt", "three"}, {"a", ""}, {"b/ä.txt", std::string(100'000, 'x')}})).value();
  EXPECT_THAT(names(archive), ElementsAre("a", "b/", "b/c.txt", "b/ä.txt"));
  EXPECT_EQ(archive.read("b/c.txt")->text(), "three");
  EXPECT_EQ(archive.read("a")->size(), 0U);
  EXPECT_EQ(archive.read("b/ä.txt")->size(), 100'000U);
  EXPECT_FALSE(archive.read("b"));
  EXPECT_FALSE(archive.contains("b"));
  EXPECT_EQ(archive.unpacked_size(), 100'005U);
}

TEST(ArchiveTest, WritesTheSameBytesEverywhere) {
  setenv("TZ", "Asia/Tokyo", 1);
  tzset();
  Bytes there = zip_of({{"pkg.wasm", "code"}, {"manifest.json", "[]"}});
  setenv("TZ", "UTC", 1);
  tzset();
  Bytes here = zip_of({{"manifest.json", "[]"}, {"pkg.wasm", "code"}});
  EXPECT_EQ(here, there);
  EXPECT_EQ(sha256_hex(here.span()).size(), 64U);
}

TEST(ArchiveTest, OrdersPartByPart) {
  Archive archive = Archive::open(zip_of({{"a-b", "1"}, {"a/z", "2"}, {"a.b", "3"}})).value();
  EXPECT_THAT(names(archive), ElementsAre("a/", "a/z", "a-b", "a.b"));
}

TEST(ArchiveTest, AnEmptyZipHasNoEntries) {
  Result<Archive> archive = Archive::open(ArchiveWriter().finish().value());
  ASSERT_TRUE(archive) << archive.error().message;
  EXPECT_TRUE(archive->entries().empty());
}

TEST(ArchiveTest, WhatIsNoZipIsRefused) {
  EXPECT_FALSE(Archive::open(Bytes()));
  EXPECT_FALSE(Archive::open(Bytes::copy_of("not a zip at all, but long enough to be looked at")));
  Bytes whole = zip_of({{"a", "some content"}});
  EXPECT_FALSE(Archive::open(whole.slice(0, whole.size() - 30)));
}

TEST(ArchiveTest, S8_NamesThatLeadOutAreRefused) {
  for (const char* name : {"../x", "a/../../x", "a/..", "/etc/passwd", ".."}) {
    EXPECT_THAT(refusal(Archive::open(raw_zip({{"fine", "1"}, {name, "2"}}))), HasSubstr(name)) << name;
  }
}

TEST(ArchiveTest, S8_NamesAreSafeWhateverTheySeparateWith) {
  for (const char* name : {"", "/", ".", "./.", "..", "../x", "a/..", "a\\..\\x", "\\x", "..\\", "/a"}) {
    EXPECT_FALSE(safe_entry_name(name)) << name;
  }
  EXPECT_FALSE(safe_entry_name(std::string_view("a\0b", 3)));
  EXPECT_EQ(safe_entry_name("./a//b/").value(), "a/b");
  EXPECT_EQ(safe_entry_name("..a/b..").value(), "..a/b..");
}

TEST(ArchiveTest, S8_LinksAndSpecialFilesAreRefused) {
  EXPECT_THAT(refusal(Archive::open(raw_zip({{"way-out", "/etc", AE_IFLNK}}))), HasSubstr("'way-out' is a link"));
  Bytes zip = zip_of({{"disk", ""}});
  Bytes special = with_field(zip, Header::central, 0, 38, 4, uint64_t{0060644} << 16U);
  EXPECT_THAT(refusal(Archive::open(special)), HasSubstr("'disk' is a special file"));
}

TEST(ArchiveTest, V9_BombsAreRefusedBeforeTheyAreUnpacked) {
  Bytes bomb = zip_of({{"fine", "1"}, {"zeros", std::string(70U << 20U, '\0')}});
  EXPECT_THAT(refusal(Archive::open(bomb)), HasSubstr("'zeros' takes the archive over 250 times"));
  EXPECT_THAT(refusal(Archive::open(bomb, {.unpacked_bytes = 1'000})),
              HasSubstr("'zeros' takes the archive over 1000"));
  EXPECT_THAT(refusal(Archive::open(bomb, {.entries = 1})), HasSubstr("'zeros' is one more than the 1"));
  EXPECT_THAT(refusal(Archive::open(bomb, {.name_bytes = 4})), HasSubstr("longer than 4 bytes"));
}

TEST(ArchiveTest, V9_AnEntryIsHeldToTheSizeItStates) {
  Bytes zip = zip_of({{"liar", std::string(5'000, 'x')}});
  zip = with_field(with_field(zip, Header::local, 0, 22, 4, 10), Header::central, 0, 24, 4, 10);
  Result<Archive> archive = Archive::open(zip);
  ASSERT_TRUE(archive) << archive.error().message;
  EXPECT_EQ(archive->unpacked_size(), 10U);
  EXPECT_FALSE(archive->read("liar"));
}

TEST(ArchiveTest, WhatCannotBeUnpackedIsAnErrorOfItsEntry) {
  Bytes zip = zip_of({{"fine", "1"}, {"odd", "content"}});
  Bytes unknown_method = with_field(with_field(zip, Header::local, 1, 8, 2, 77), Header::central, 1, 10, 2, 77);
  Bytes encrypted = with_field(with_field(zip, Header::local, 1, 6, 2, 1), Header::central, 1, 8, 2, 1);
  for (const Bytes& odd : {unknown_method, encrypted}) {
    Result<Archive> archive = Archive::open(odd);
    ASSERT_TRUE(archive) << archive.error().message;
    EXPECT_EQ(archive->read("fine")->text(), "1");
    Result<Bytes> content = archive->read("odd");
    ASSERT_FALSE(content);
    EXPECT_THAT(content.error().message, HasSubstr("entry 'odd'"));
  }
}

TEST(ArchiveTest, OfTwoEntriesOfOneNameTheLastCounts) {
  Archive archive = Archive::open(raw_zip({{"x", "first"}, {"x", "second"}})).value();
  EXPECT_EQ(archive.read("x")->text(), "second");
}

TEST(ArchiveTest, ReadsZipsThatLibarchiveStreamed) {
  Archive archive = Archive::open(raw_zip({{"d/", "", AE_IFDIR}, {"d/x", "streamed"}, {"deep/er/y", "z"}})).value();
  EXPECT_THAT(names(archive), ElementsAre("d/", "d/x", "deep/er/y"));
  EXPECT_EQ(archive.read("d/x")->text(), "streamed");
}

TEST(ArchiveTest, TheWriterRefusesWhatTheReaderWould) {
  ArchiveWriter writer;
  EXPECT_FALSE(writer.add_file("../x", {}));
  EXPECT_TRUE(writer.add_file("a", {}));
  EXPECT_FALSE(writer.add_file("a/b", {}));
  EXPECT_FALSE(writer.add_directory("a"));
  EXPECT_TRUE(writer.add_directory("d"));
  EXPECT_FALSE(writer.add_file("d", {}));
}

TEST(ArchiveTest, TheWriterRefusesNamesThatAreNotUtf8) {
  ArchiveWriter writer;
  EXPECT_FALSE(writer.add_file("caf\xe9", {})) << "written, the whole archive could not be opened";
  EXPECT_FALSE(writer.add_directory("caf\xe9"));
  EXPECT_TRUE(writer.add_file("caf\xc3\xa9/x", {}));
  EXPECT_TRUE(Archive::open(writer.finish().value()).value().contains("caf\xc3\xa9/x"));
}

TEST(ArchiveTest, ZipsAFolder) {
  std::filesystem::path folder = std::filesystem::path(::testing::TempDir()) / "archive_test_folder";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder / "ui" / "empty");
  std::ofstream(folder / "manifest.json") << "[]";
  std::ofstream(folder / "ui" / "index.html") << "<html>";
  Archive archive = Archive::open(zip_folder(folder.string()).value()).value();
  EXPECT_THAT(names(archive), ElementsAre("manifest.json", "ui/", "ui/empty/", "ui/index.html"));
  EXPECT_EQ(archive.read("ui/index.html")->text(), "<html>");
  std::filesystem::create_symlink("/etc", folder / "link");
  EXPECT_FALSE(zip_folder(folder.string()));
  std::filesystem::remove_all(folder);
  EXPECT_FALSE(zip_folder(folder.string()));
}

}  // namespace
}  // namespace kinode::package
