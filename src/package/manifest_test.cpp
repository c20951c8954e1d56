#include "package/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace kinode::package {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::string_view full = R"([{
  "process_name": "chat", "process_wasm_path": "/chat.wasm", "on_exit": "Restart", "request_networking": true,
  "request_capabilities": ["http-server:distro:sys", {"process": "vfs:distro:sys", "params": {"root": true}}],
  "grant_capabilities": ["timer:distro:sys", {"process": "homepage:homepage:sys", "params": "RemoveOther"}],
  "public": false, "wit_version": 1
}])";

/// `full` with one field changed, or left out for null.
std::string with(const std::string& field, const nlohmann::json& value) {
  nlohmann::json manifest = nlohmann::json::parse(full);
  if (value.is_null()) {
    manifest[0].erase(field);
  } else {
    manifest[0][field] = value;
  }
  return manifest.dump();
}

TEST(ManifestTest, ReadsAllFields) {
  Result<Manifest> manifest = parse_manifest(full);
  ASSERT_TRUE(manifest) << manifest.error().message;
  EXPECT_TRUE(manifest->problems.empty());
  ASSERT_EQ(manifest->entries.size(), 1U);
  const ManifestEntry& entry = manifest->entries[0];
  EXPECT_EQ(entry.process_name, "chat");
  EXPECT_EQ(entry.on_exit, OnExit::restart());
  EXPECT_TRUE(entry.request_networking);
  EXPECT_FALSE(entry.is_public);
  EXPECT_EQ(entry.process_id(PackageId("chat", "a.os"))->text(), "chat:chat:a.os");

  Address server = Address::parse("n.os@http-server:distro:sys").value();
  EXPECT_EQ(entry.request_capabilities[0].requested("n.os").value(), Capability::messaging(server));
  Capability root = entry.request_capabilities[1].requested("n.os").value();
  EXPECT_EQ(root.issuer().text(), "n.os@vfs:distro:sys");
  EXPECT_EQ(root.params(), R"({"root":true})");

  Address us = Address::parse("n.os@chat:chat:a.os").value();
  EXPECT_EQ(entry.grant_capabilities[0].process.text(), "timer:distro:sys");
  EXPECT_EQ(entry.grant_capabilities[0].granted(us).value(), Capability::messaging(us));
  EXPECT_EQ(entry.grant_capabilities[1].granted(us)->params(), R"("RemoveOther")");
}

TEST(ManifestTest, P5_EveryFieldIsMandatory) {
  for (const char* field : {"process_name", "process_wasm_path", "on_exit", "request_networking",
                            "request_capabilities", "grant_capabilities", "public"}) {
    Result<Manifest> manifest = parse_manifest(with(field, nullptr));
    ASSERT_FALSE(manifest) << field;
    EXPECT_THAT(manifest.error().message, HasSubstr(field));
    EXPECT_THAT(manifest.error().message, HasSubstr("manifest.json"));
  }
}

TEST(ManifestTest, FieldsOfAnotherTypeAreErrorsWithTheirPlace) {
  EXPECT_THAT(parse_manifest(with("public", "yes")).error().message, HasSubstr("public"));
  EXPECT_THAT(parse_manifest(with("on_exit", "Never")).error().message, HasSubstr("on_exit"));
  EXPECT_THAT(parse_manifest(with("grant_capabilities", "x")).error().message, HasSubstr("grant_capabilities"));
  EXPECT_FALSE(parse_manifest("{}"));
  EXPECT_FALSE(parse_manifest("[1]"));
  EXPECT_FALSE(parse_manifest("[[]]"));
  EXPECT_FALSE(parse_manifest(""));
}

TEST(ManifestTest, S16_MalformedCapabilityItemsAreReportedAndLeftOut) {
  Result<Manifest> manifest = parse_manifest(with(
      "request_capabilities", nlohmann::json::parse(R"([5, "no-id", {"process": "a:b:c"}, {"process":"a:b","params":1},
                                                        "good:one:sys"])")));
  ASSERT_TRUE(manifest);
  EXPECT_EQ(manifest->entries[0].request_capabilities.size(), 1U);
  EXPECT_THAT(manifest->problems,
              ElementsAre(HasSubstr("[0].request_capabilities[0]"), HasSubstr("[0].request_capabilities[1]"),
                          HasSubstr("[0].request_capabilities[2]"), HasSubstr("[0].request_capabilities[3]")));
}

TEST(ManifestTest, P3_TheLeadingSlashIsOptional) {
  auto entry_of = [](const char* path) {
    ManifestEntry entry;
    entry.process_wasm_path = path;
    return entry.wasm_entry();
  };
  EXPECT_EQ(entry_of("/chat.wasm").value(), "chat.wasm");
  EXPECT_EQ(entry_of("chat.wasm").value(), "chat.wasm");
  EXPECT_EQ(entry_of("//sub/./chat.wasm").value(), "sub/chat.wasm");
}

TEST(ManifestTest, C17_AWasmPathThatLeadsOutIsRefused) {
  ManifestEntry entry;
  for (const char* path : {"../x.wasm", "/../../x", "a/../../x", "", "/", "a/.."}) {
    entry.process_wasm_path = path;
    EXPECT_FALSE(entry.wasm_entry()) << path;
  }
}

TEST(ManifestTest, NamesThatNoProcessMayHaveAreRefused) {
  ManifestEntry entry;
  for (const char* name : {"", "a:b", "Chat", "my_chat"}) {
    entry.process_name = name;
    EXPECT_FALSE(entry.process_id(PackageId("p", "q"))) << name;
  }
}

TEST(ManifestTest, P4_TwoProcessesMayShareAComponentButNotAName) {
  nlohmann::json manifest = nlohmann::json::parse(full);
  manifest.push_back(manifest[0]);
  EXPECT_EQ(parse_manifest(manifest.dump())->problems.size(), 1U);
  manifest[1]["process_name"] = "other";
  EXPECT_TRUE(parse_manifest(manifest.dump())->problems.empty());
}

}  // namespace
}  // namespace kinode::package
