#include "manifest.h"

#include <gtest/gtest.h>

namespace app_store {
namespace {

using kinode::Json;

const kinode::PackageId package{"kit", "test.os"};

Json entry(const char* name) {
  return {{"process_name", name},
          {"process_wasm_path", "/a.wasm"},
          {"on_exit", "None"},
          {"request_networking", false},
          {"request_capabilities", Json::array()},
          {"grant_capabilities", Json::array()},
          {"public", true}};
}

std::expected<Manifest, std::string> parse(const std::vector<Json>& entries) {
  return parse_manifest(Json(entries).dump(), package);
}

Json changed(Json entry, const char* key, const Json& value) {
  entry[key] = value;
  return entry;
}

TEST(Manifest, KeepsOrderAndIgnoresUnknownFields) {
  const auto manifest = parse({changed(entry("two"), "wit_version", 1), entry("one")});
  ASSERT_TRUE(manifest) << manifest.error();
  ASSERT_EQ(manifest->size(), 2);
  EXPECT_EQ((*manifest)[0].process.text(), "two:kit:test.os");
  EXPECT_EQ((*manifest)[0].wasm_path, "a.wasm");
  EXPECT_TRUE((*manifest)[1].is_public);
}

TEST(Manifest, RefusesAFieldThatIsMissingOrOfAnotherType) {
  const Json whole = entry("one");
  for (const auto& [key, value] : whole.items()) {
    Json without = whole;
    without.erase(key);
    EXPECT_FALSE(parse({without})) << key;
    EXPECT_FALSE(parse({changed(whole, key.c_str(), 7)})) << key;
  }
  EXPECT_FALSE(parse_manifest("{}", package));
  EXPECT_FALSE(parse_manifest("[", package));
}

TEST(Manifest, RefusesNamesAndPathsThatAreNotSafe) {
  for (const char* name : {"", "A", "a_b", "a.b", "a:b", "../a"}) EXPECT_FALSE(parse({entry(name)})) << name;
  for (const char* path : {"", "/", "//a.wasm", "../a.wasm", "x/../../a.wasm", "x/./a.wasm", "x\\a.wasm"}) {
    EXPECT_FALSE(parse({changed(entry("one"), "process_wasm_path", path)})) << path;
  }
  EXPECT_TRUE(parse({changed(entry("one"), "process_wasm_path", "deep/er/a.wasm")}));
}

TEST(Manifest, RefusesAProcessThatIsThereTwice) { EXPECT_FALSE(parse({entry("one"), entry("one")})); }

TEST(Manifest, ReadsCapabilitiesAndLeavesOutWhatNamesNoProcess) {
  const Json items = {"vfs:distro:sys",
                      {{"process", "eth:distro:sys"}, {"params", {{"root", true}}}},
                      {{"process", "home:home:sys"}, {"params", "Remove"}},
                      17,
                      "vfs",
                      {{"process", "a:b:c"}}};
  const auto manifest = parse({changed(entry("one"), "request_capabilities", items)});
  ASSERT_TRUE(manifest) << manifest.error();
  const auto& requested = manifest->front().request_capabilities;
  ASSERT_EQ(requested.size(), 3);
  EXPECT_EQ(requested[0].params, R"("messaging")");
  EXPECT_EQ(requested[1].process.text(), "eth:distro:sys");
  EXPECT_EQ(requested[1].params, R"({"root":true})");
  EXPECT_EQ(requested[2].params, R"("Remove")");
}

TEST(Manifest, PassesOnExitOnAsItStands) {
  const Json requests = {{"Requests", Json::array({Json::array({"our@a:b:c", Json::object(), nullptr})})}};
  const auto manifest =
      parse({changed(entry("one"), "on_exit", requests), changed(entry("two"), "on_exit", "Restart")});
  ASSERT_TRUE(manifest) << manifest.error();
  EXPECT_EQ((*manifest)[0].on_exit, requests);
  EXPECT_EQ((*manifest)[1].on_exit, "Restart");
  EXPECT_FALSE(parse({changed(entry("one"), "on_exit", "Sometimes")}));
}

}  // namespace
}  // namespace app_store
