#include "listing.h"

#include <gtest/gtest.h>

#include <string>

namespace app_store {
namespace {

using kinode::Json;
using kinode::PackageId;

const PackageId chat{"chat", "a.os"};
const std::string hash(64, 'a');

Json metadata() {
  return {{"name", "Chat"},
          {"properties",
           {{"package_name", "chat"},
            {"publisher", "a.os"},
            {"current_version", "1.0.0"},
            {"mirrors", {"b.os", 5}},
            {"code_hashes", {{"0.9.0", std::string(64, 'b')}, {"1.0.0", hash}}},
            {"wit_version", 1}}}};
}
Json listing_json() {
  return {{"package_id", kinode::to_json(chat)},
          {"serial", 7},
          {"metadata", metadata().dump()},
          {"signature", std::string(128, '1')}};
}

TEST(Listing, IsReadAsItWasWritten) {
  const auto listing = listing_of(listing_json());
  ASSERT_TRUE(listing) << listing.error();
  EXPECT_EQ(listing->serial, 7U);
  EXPECT_EQ(listing->signature.size(), 64U);
  EXPECT_EQ(to_json(*listing), listing_json());
}

TEST(Listing, TheSignedBytesAreThoseOfTheFormat) {
  const Listing listing{chat, 7, "{}", {}};
  EXPECT_EQ(signed_bytes(listing).text(), "kinode listing 1\nchat:a.os\n7\n{}");
  // Each part changes them.
  EXPECT_NE(signed_bytes({chat, 8, "{}", {}}).text(), signed_bytes(listing).text());
  EXPECT_NE(signed_bytes({chat, 7, "", {}}).text(), signed_bytes(listing).text());
  EXPECT_NE(signed_bytes({{"chat", "b.os"}, 7, "{}", {}}).text(), signed_bytes(listing).text());
}

TEST(Listing, WhatIsNotWellFormedIsRefused) {
  for (const char* field : {"package_id", "serial", "metadata", "signature"}) {
    Json without = listing_json();
    without.erase(field);
    EXPECT_FALSE(listing_of(without)) << field;
  }
  const auto with = [](const char* field, Json value) {
    Json json = listing_json();
    json[field] = std::move(value);
    return listing_of(json).has_value();
  };
  EXPECT_FALSE(with("serial", -1));
  EXPECT_FALSE(with("serial", 1.5));
  EXPECT_FALSE(with("signature", std::string(126, '1')));
  EXPECT_FALSE(with("signature", std::string(127, '1')));
  EXPECT_FALSE(with("signature", std::string(128, 'g')));
  EXPECT_FALSE(with("signature", std::string(128, 'A')));
  EXPECT_FALSE(with("package_id", {{"package_name", "../x"}, {"publisher_node", "a.os"}}));
  EXPECT_FALSE(with("metadata", "{"));
  EXPECT_FALSE(with("metadata", std::string(longest_metadata + 1, ' ')));
  EXPECT_TRUE(with("metadata", "")) << "it is withdrawn";
  for (const Json& odd : {Json(), Json(5), Json::array(), Json("x")}) EXPECT_FALSE(listing_of(odd));
}

TEST(Listing, MetadataAreOfThePackageAndHaveTheHashOfTheCurrentVersion) {
  EXPECT_TRUE(check_metadata(chat, metadata().dump()));
  const auto with = [](const char* field, Json value) {
    Json json = metadata();
    json["properties"][field] = std::move(value);
    return check_metadata(chat, json.dump()).has_value();
  };
  EXPECT_FALSE(with("package_name", "other"));
  EXPECT_FALSE(with("publisher", "b.os"));
  EXPECT_FALSE(with("current_version", "2.0.0"));
  EXPECT_FALSE(with("code_hashes", Json::array()));
  EXPECT_FALSE(with("code_hashes", {{"1.0.0", "../../x"}}));
  EXPECT_FALSE(check_metadata(chat, "[]"));
}

TEST(Listing, MetadataAsTheyStandInMessages) {
  const Json told = message_metadata(metadata().dump());
  EXPECT_EQ(told["name"], "Chat");
  EXPECT_TRUE(told.contains("description") && told["description"].is_null());
  const Json& properties = told["properties"];
  EXPECT_EQ(properties["code_hashes"],
            Json::array({Json::array({"0.9.0", std::string(64, 'b')}), Json::array({"1.0.0", hash})}));
  EXPECT_EQ(properties["mirrors"], Json::array({"b.os"}));
  EXPECT_EQ(properties["wit_version"], 1);
  EXPECT_TRUE(properties["license"].is_null() && properties["screenshots"].is_null());
  EXPECT_EQ(current_hash(told), hash);
  EXPECT_TRUE(message_metadata("{}").is_null());
  EXPECT_EQ(current_hash(nullptr), "");
}

}  // namespace
}  // namespace app_store
