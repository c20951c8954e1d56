#include "script_entry.h"

#include <gtest/gtest.h>

namespace terminal {
namespace {

TEST(ScriptEntry, AllOfIt) {
  const auto entry = parse_script_entry(
      R"({"a.wasm":{"root":true,"public":false,"request_networking":true,"wit_version":1,"of later":{},
          "request_capabilities":["net:distro:sys",{"process":"vfs:distro:sys","params":{"root":true}}],
          "grant_capabilities":["net:distro:sys"]}})",
      "a");
  ASSERT_TRUE(entry) << entry.error();
  EXPECT_TRUE(entry->root);
  EXPECT_FALSE(entry->is_public);
  EXPECT_TRUE(entry->request_networking);
  EXPECT_EQ(entry->wit_version, 1U);
  EXPECT_EQ(entry->request_capabilities, (std::vector<CapabilityItem>{{{"net", "distro", "sys"}, "\"messaging\""},
                                                                      {{"vfs", "distro", "sys"}, R"({"root":true})"}}));
  EXPECT_EQ(entry->grant_capabilities.size(), 1U);
}

TEST(ScriptEntry, TheThreeMarksAreRequiredTheRestIsNot) {
  const auto entry = parse_script_entry(R"({"a.wasm":{"root":false,"public":true,"request_networking":false}})", "a");
  ASSERT_TRUE(entry) << entry.error();
  EXPECT_TRUE(entry->is_public);
  EXPECT_TRUE(entry->request_capabilities.empty());
  EXPECT_EQ(entry->wit_version, std::nullopt);
  EXPECT_FALSE(parse_script_entry(R"({"a.wasm":{"root":false,"public":true}})", "a"));
  EXPECT_FALSE(parse_script_entry(R"({"a.wasm":{"root":1,"public":true,"request_networking":false}})", "a"));
}

// packages-and-kit.md 1.6: shipped errors to tolerate.
TEST(ScriptEntry, AnEntryOfAnotherScriptMayBeWrong) {
  constexpr const char* text =
      R"({"get_names.wasm":7,"a.wasm":{"root":false,"public":true,"request_networking":false}})";
  EXPECT_TRUE(parse_script_entry(text, "a"));
  EXPECT_EQ(parse_script_entry(text, "get-names").error(), "scripts.json has no get-names.wasm");
}

TEST(ScriptEntry, ItemsThatNameNoProcessAreLeftOut) {
  const auto entry = parse_script_entry(
      R"({"a.wasm":{"root":false,"public":true,"request_networking":false,
          "request_capabilities":[1,"no id",{"process":"a:b:c"},{"params":1},"a:b:c"]}})",
      "a");
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->request_capabilities.size(), 1U);
}

TEST(ScriptEntry, NoJsonIsAnError) {
  for (const char* text : {"", "[]", "{", "\"a.wasm\""}) {
    EXPECT_FALSE(parse_script_entry(text, "a")) << text;
  }
}

}  // namespace
}  // namespace terminal
