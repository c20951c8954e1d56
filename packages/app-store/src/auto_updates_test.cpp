#include "auto_updates.h"

#include <gtest/gtest.h>

#include <string>

namespace app_store {
namespace {

using kinode::Json;

const std::string hash(64, 'a');

Json arguments(Json mirrors) {
  const Json properties = {{"package_name", "chat"},
                           {"publisher", "a.os"},
                           {"current_version", "2.0.0"},
                           {"mirrors", std::move(mirrors)},
                           {"code_hashes", Json::array({Json::array({"2.0.0", hash})})}};
  return {{"package_id", {{"package_name", "chat"}, {"publisher_node", "a.os"}}},
          {"metadata", {{"properties", properties}}}};
}
const Version version{{"chat", "a.os"}, hash};

TEST(AutoUpdates, ThePublisherIsAskedFirstAndNobodyTwice) {
  const auto update = auto_update_of(arguments({"b.os", "a.os", "b.os", 5, "", "http://c"}));
  ASSERT_TRUE(update) << update.error();
  EXPECT_EQ(update->version, version);
  EXPECT_EQ(update->mirrors, (std::vector<std::string>{"a.os", "b.os", "http://c"}));
  EXPECT_EQ(auto_update_of(arguments(nullptr))->mirrors, std::vector<std::string>{"a.os"});
}

TEST(AutoUpdates, WhatNamesNoVersionIsRefused) {
  Json other = arguments(Json::array());
  other["metadata"]["properties"]["current_version"] = "3.0.0";
  EXPECT_FALSE(auto_update_of(other));
  other = arguments(Json::array());
  other["metadata"]["properties"]["code_hashes"][0][1] = "../x";
  EXPECT_FALSE(auto_update_of(other));
  EXPECT_FALSE(auto_update_of(nullptr));
}

TEST(AutoUpdates, EachMirrorIsTriedOnceInOrder) {
  AutoUpdates updates;
  ASSERT_TRUE(updates.add(*auto_update_of(arguments({"b.os", "c.os"}))));
  EXPECT_FALSE(updates.add(*auto_update_of(arguments(Json::array())))) << "it is under way";
  EXPECT_EQ(updates.next_mirror(version), "a.os");
  updates.failed(version, "Offline");
  EXPECT_EQ(updates.next_mirror(version), "b.os");
  updates.failed(version, "Timeout");
  EXPECT_EQ(updates.next_mirror(version), "c.os");
  updates.failed(version, "NotMirroring");
  EXPECT_EQ(updates.next_mirror(version), std::nullopt);
  EXPECT_EQ(updates.end(version), Json::array({Json::array({"a.os", "Offline"}), Json::array({"b.os", "Timeout"}),
                                               Json::array({"c.os", "NotMirroring"})}));
  EXPECT_FALSE(updates.contains(version));
}

// In the first client the failure of a single mirror ended the process.
TEST(AutoUpdates, TheFailureOfTheOnlyMirrorEndsTheUpdateAlone) {
  AutoUpdates updates;
  ASSERT_TRUE(updates.add(*auto_update_of(arguments(Json::array()))));
  EXPECT_EQ(updates.next_mirror(version), "a.os");
  updates.failed(version, "Offline");
  EXPECT_EQ(updates.next_mirror(version), std::nullopt);
  EXPECT_EQ(updates.end(version).size(), 1U);
  EXPECT_EQ(updates.next_mirror(version), std::nullopt);
  EXPECT_EQ(updates.end(version), Json::array());
}

TEST(AutoUpdates, MirrorsAreBounded) {
  Json mirrors = Json::array();
  for (int i = 0; i < 100; ++i) mirrors.push_back("m" + std::to_string(i));
  mirrors.push_back(std::string(5000, 'x'));
  EXPECT_EQ(auto_update_of(arguments(mirrors))->mirrors.size(), 32U);
}

}  // namespace
}  // namespace app_store
