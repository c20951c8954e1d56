#include "package/metadata.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kinode::package {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view as_map = R"({"name":"Chat","properties":{"package_name":"chat","publisher":"a.os",)"
                                    R"("current_version":"0.2.0","mirrors":["m.os"],)"
                                    R"("code_hashes":{"0.1.0":"aa","0.2.0":"bb"},"wit_version":1,)"
                                    R"("api_includes":["x"]}})";
constexpr std::string_view as_pairs = R"({"name":"Chat","properties":{"package_name":"chat","publisher":"a.os",)"
                                      R"("current_version":"0.2.0","mirrors":["m.os"],)"
                                      R"("code_hashes":[["0.1.0","aa"],["0.2.0","bb"]],"wit_version":1}})";

TEST(MetadataTest, CodeHashesAreReadInBothForms) {
  Metadata map = parse_metadata(as_map).value();
  Metadata pairs = parse_metadata(as_pairs).value();
  EXPECT_EQ(map.properties.code_hashes, pairs.properties.code_hashes);
  EXPECT_EQ(map.id().text(), "chat:a.os");
  EXPECT_EQ(map.properties.wit_version, 1U);
  EXPECT_EQ(map.description, std::nullopt);
}

TEST(MetadataTest, IsWrittenInBothForms) {
  Metadata metadata = parse_metadata(as_map).value();
  EXPECT_EQ(metadata_json(metadata, CodeHashes::map), as_map);
  EXPECT_EQ(metadata_json(metadata, CodeHashes::pairs), as_pairs);
}

TEST(MetadataTest, ErrorsNameTheirPlace) {
  EXPECT_THAT(parse_metadata(R"({"properties":{"package_name":"chat"}})").error().message,
              HasSubstr("metadata.json: properties"));
  EXPECT_THAT(parse_metadata("{}").error().message, HasSubstr("properties"));
  EXPECT_FALSE(parse_metadata("no json"));
}

TEST(MetadataTest, NamesThatMakeNoPackageIdAreRefused) {
  std::string text(as_map);
  text.replace(text.find("\"chat\""), 6, "\"../x\"");
  EXPECT_THAT(parse_metadata(text).error().message, HasSubstr("package_name"));
}

}  // namespace
}  // namespace kinode::package
