#include "modules/database/database_id.h"

#include <gtest/gtest.h>

#include "modules/database/database_request.h"

namespace kinode::modules::database {
namespace {

const PackageId package("chat", "alice.os");

TEST(DatabaseId, NamesThatPackagesUsePass) {
  for (const char* name : {"db", "my_db", "chat-history.v2", "Index 1", "..a", "a..", "\xc3\xbc"}) {
    EXPECT_TRUE(check_safe({package, name})) << name;
  }
  EXPECT_TRUE(check_safe({package, std::string(255, 'x')}));
  EXPECT_TRUE(check_safe({PackageId("old_style", "node.os"), "db"}));
}

TEST(DatabaseId, S4_ANameIsOneComponentOfAPath) {
  for (std::string_view name : {"", ".", "..", "../x", "/etc", "a/b", "a/", "..\\x", "a\nb", "a\x7f"}) {
    EXPECT_FALSE(check_safe({package, std::string(name)})) << name;
  }
  EXPECT_FALSE(check_safe({package, std::string("a\0b", 3)}));
  EXPECT_FALSE(check_safe({package, std::string(256, 'x')}));
  EXPECT_FALSE(check_safe({PackageId("../..", "x"), "db"}));
  EXPECT_FALSE(check_safe({PackageId(std::string(200, 'x'), std::string(200, 'y')), "db"}));
}

TEST(DatabaseRequest, ReadsTheEnvelope) {
  auto request = DatabaseRequest::parse(
      R"( {"action":{"Get":[1]},"db":"d","package_id":{"publisher_node":"a.os","package_name":"p"},"more":1} )", 1000);
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->database(), (DatabaseId{PackageId("p", "a.os"), "d"}));
  EXPECT_EQ(request->action().name(), "Get");
  EXPECT_EQ(request->action().payload().bytes()->size(), 1);
}

TEST(DatabaseRequest, SaysWhatIsWrong) {
  auto error = [](std::string_view body, size_t max_bytes = 1000) {
    return DatabaseRequest::parse(body, max_bytes).error().message;
  };
  std::string_view good = R"({"package_id":{"package_name":"p","publisher_node":"a"},"db":"d","action":"Open"})";
  ASSERT_TRUE(DatabaseRequest::parse(good, good.size()));
  EXPECT_EQ(error(good, good.size() - 1), "JSON of 81 bytes is over the limit of 80");
  EXPECT_TRUE(error("").starts_with("not JSON"));
  EXPECT_EQ(error(R"({"package_id":{"package_name":"p","publisher_node":"a"},"db":"d"})"),
            "action: missing, expected \"Name\" or {\"Name\": value}");
  EXPECT_EQ(error(R"({"package_id":{"package_name":"p","publisher_node":"a"},"db":"..","action":"Open"})"),
            "'..' is no name for a database");
  EXPECT_EQ(error(R"({"package_id":{"package_name":"..","publisher_node":"/"},"db":"d","action":"Open"})"),
            "the name of a package must have no slash, backslash or control character");
}

}  // namespace
}  // namespace kinode::modules::database
