#include "registry/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kinode::registry {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::string key_a(64, 'a');
const std::string key_b = "0x" + std::string(64, 'B');

Identity direct(std::string name, std::string key = key_a) {
  return {std::move(name), std::move(key), {"127.0.0.1", {{"ws", 9000}}}, {}};
}

TEST(Registry, KnowsWhatItWasTold) {
  Registry registry;
  ASSERT_TRUE(registry.update(Source::messages, direct("a.os")));
  EXPECT_EQ(registry.find("a.os")->identity, direct("a.os"));
  EXPECT_EQ(registry.find("b.os"), nullptr);
  EXPECT_EQ(registry.size(), 1U);
}

TEST(Registry, ReadsKeysWithAndWithout0xInBothCases) {
  Registry registry;
  ASSERT_TRUE(registry.update(Source::messages, direct("b.os", key_b)));
  EXPECT_EQ(registry.find("b.os")->key[0], 0xbb);
}

TEST(Registry, AnEarlierSourceIsBelieved) {
  Registry registry;
  ASSERT_TRUE(registry.update(Source::messages, direct("a.os", key_b)));
  ASSERT_TRUE(registry.update(Source::peers_file, direct("a.os", key_a)));
  ASSERT_TRUE(registry.update(Source::messages, direct("a.os", key_b)));
  EXPECT_EQ(registry.find("a.os")->key[0], 0xaa);
  registry.remove(Source::peers_file, "a.os");
  EXPECT_EQ(registry.find("a.os")->key[0], 0xbb);
  registry.remove(Source::messages, "a.os");
  EXPECT_EQ(registry.find("a.os"), nullptr);
  EXPECT_EQ(registry.size(), 0U);
}

TEST(Registry, B28_WhatCannotBeReachedIsRefusedAndTheOldStays) {
  Registry registry;
  ASSERT_TRUE(registry.update(Source::messages, direct("a.os")));
  Identity without_port = direct("a.os");
  without_port.direct.ports = {{"ws", 0}};
  EXPECT_THAT(registry.update(Source::messages, without_port).error().message, HasSubstr("without a port"));
  Identity nowhere = direct("a.os");
  nowhere.direct = {};
  EXPECT_THAT(registry.update(Source::messages, nowhere).error().message, HasSubstr("neither"));
  EXPECT_THAT(registry.update(Source::messages, direct("a.os", "0x12")).error().message, HasSubstr("networking key"));
  EXPECT_THAT(registry.update(Source::messages, direct("A_os")).error().message, HasSubstr("no name"));
  EXPECT_THAT(registry.update(Source::messages, direct("our")).error().message, HasSubstr("no name"));
  EXPECT_EQ(registry.find("a.os")->identity, direct("a.os"));
}

TEST(Registry, WhatIsSaidAgainIsNoChange) {
  Registry registry;
  std::vector<std::string> changed;
  registry.on_change([&](const std::string& name) { changed.push_back(name); });
  ASSERT_TRUE(registry.update(Source::peers_file, direct("a.os")));
  registry.replace(Source::peers_file, {direct("a.os"), direct("b.os")});
  EXPECT_THAT(changed, ElementsAre("a.os", "b.os"));
  registry.replace(Source::peers_file, {direct("a.os", key_b), direct("b.os")});
  EXPECT_THAT(changed, ElementsAre("a.os", "b.os", "a.os"));
}

TEST(Registry, ReplaceForgetsWhatIsNoLongerSaid) {
  Registry registry;
  std::vector<std::string> changed;
  registry.on_change([&](const std::string& name) { changed.push_back(name); });
  EXPECT_TRUE(registry.replace(Source::devnet, {direct("a.os"), direct("b.os")}).empty());
  EXPECT_EQ(registry.replace(Source::devnet, {direct("b.os"), direct("c.os"), direct("?")}).size(), 1U);
  EXPECT_EQ(registry.find("a.os"), nullptr);
  EXPECT_NE(registry.find("c.os"), nullptr);
  EXPECT_THAT(changed, ElementsAre("a.os", "b.os", "c.os", "a.os"));
}

}  // namespace
}  // namespace kinode::registry
