#include "package/bundle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "package/archive.h"

namespace kinode::package {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr std::string_view manifest = R"([{"process_name":"main","process_wasm_path":"/main.wasm","on_exit":"None",)"
                                      R"("request_networking":false,"request_capabilities":[],)"
                                      R"("grant_capabilities":[],"public":false}])";

std::string metadata_of(const std::string& name) {
  return R"({"properties":{"package_name":")" + name +
         R"(","publisher":"sys","current_version":"1.0.0","mirrors":[],"code_hashes":{}}})";
}

Bytes package_zip(std::string_view manifest_text = manifest) {
  ArchiveWriter writer;
  EXPECT_TRUE(writer.add_file("manifest.json", Bytes::copy_of(manifest_text)));
  EXPECT_TRUE(writer.add_file("main.wasm", Bytes::copy_of("code")));
  return writer.finish().value();
}

class BundleTest : public ::testing::Test {
 protected:
  BundleTest()
      : root_(fs::path(::testing::TempDir()) /
              ("bundle_test_" + std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()))) {
    fs::remove_all(root_);
    fs::create_directories(root_);
  }
  ~BundleTest() override { fs::remove_all(root_); }

  void write(const fs::path& path, std::string_view text) {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path, std::ios::binary) << text;
  }
  [[nodiscard]] std::string path(const char* below = "") const { return (root_ / below).string(); }

  fs::path root_;
};

TEST_F(BundleTest, OpensAPackageFolder) {
  write("metadata.json", metadata_of("chat"));
  write("pkg/manifest.json", manifest);
  write("pkg/main.wasm", "code");
  auto packages = open_packages(path());
  ASSERT_TRUE(packages) << packages.error().message;
  ASSERT_EQ(packages->size(), 1U);
  EXPECT_EQ(packages->at(0).id.text(), "chat:sys");
  EXPECT_EQ(packages->at(0).manifest.entries.size(), 1U);
  EXPECT_EQ(packages->at(0).zip, package_zip());
  EXPECT_EQ(packages->at(0).metadata_text, metadata_of("chat"));
}

TEST_F(BundleTest, OpensAFolderOfPackages) {
  for (const char* name : {"b", "a"}) {
    write(fs::path(name) / "metadata.json", metadata_of(name));
    write(fs::path(name) / "pkg/manifest.json", manifest);
  }
  write("notes/readme", "no package");
  auto packages = open_packages(path());
  ASSERT_TRUE(packages) << packages.error().message;
  ASSERT_EQ(packages->size(), 2U);
  EXPECT_EQ(packages->at(0).id.text(), "a:sys");
}

TEST_F(BundleTest, OpensADistroBundleWithoutItsBrokenPackages) {
  ArchiveWriter bundle;
  ASSERT_TRUE(bundle.add_file("good.zip", package_zip()));
  ASSERT_TRUE(bundle.add_file("bad.zip", package_zip("[{}]")));
  ASSERT_TRUE(bundle.add_file("file_to_metadata.json", Bytes::copy_of("{\"good.zip\":" + metadata_of("good") +
                                                                      ",\"bad.zip\":" + metadata_of("bad") +
                                                                      ",\"none.zip\":" + metadata_of("none") + "}")));
  write("packages.zip", bundle.finish()->text());
  std::vector<Error> skipped;
  auto packages = open_packages(path("packages.zip"), &skipped);
  ASSERT_TRUE(packages) << packages.error().message;
  ASSERT_EQ(packages->size(), 1U);
  EXPECT_EQ(packages->at(0).id.text(), "good:sys");
  ASSERT_EQ(skipped.size(), 2U);
  EXPECT_THAT(skipped[0].message, HasSubstr("bad.zip: manifest.json"));
  EXPECT_THAT(skipped[1].message, HasSubstr("none.zip"));
  EXPECT_FALSE(open_packages(path("packages.zip")));
}

TEST_F(BundleTest, OpensAZipWithItsMetadataBeside) {
  write("chat.zip", package_zip().text());
  EXPECT_THAT(open_packages(path("chat.zip")).error().message, HasSubstr("metadata"));
  write("metadata.json", metadata_of("shared"));
  EXPECT_EQ(open_packages(path("chat.zip"))->at(0).id.text(), "shared:sys");
  write("chat.metadata.json", metadata_of("own"));
  EXPECT_EQ(open_packages(path("chat.zip"))->at(0).id.text(), "own:sys");
}

TEST_F(BundleTest, WhatIsNoPackageIsAnError) {
  EXPECT_FALSE(open_packages(path()));
  EXPECT_FALSE(open_packages(path("nothing")));
  write("text.zip", "no zip");
  EXPECT_FALSE(open_packages(path("text.zip")));
  write("metadata.json", metadata_of("x"));
  fs::create_directories(root_ / "pkg");
  EXPECT_THAT(open_packages(path()).error().message, HasSubstr("manifest.json"));
}

}  // namespace
}  // namespace kinode::package
