#include "types/capability.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <nlohmann/json.hpp>
#include <unordered_set>

namespace kinode {
namespace {

Address issuer(std::string_view process = "a") { return {"n.os", ProcessId(process, "p", "q.os")}; }

Capability capability(std::string params) {
  Result<Capability> made = Capability::make(issuer(), std::move(params));
  EXPECT_TRUE(made);
  return *made;
}

TEST(Capability, IsEqualByValueNotByText) {
  const std::vector<std::pair<std::string, std::string>> equal = {
      {R"({"a":1,"b":2})", R"({ "b":2, "a":1 })"},
      {R"("messaging")", " \"messaging\"\n"},
      {R"("network")", R"("n\u0065twork")"},
      {R"({"a":1,"a":2})", R"({"a":2})"},
      {R"({"a":{"x":[1,2],"y":null}})", R"({"a":{"y":null,"x":[1, 2]}})"},
      {"1e2", "100.0"},
      {"null", " null "},
  };
  for (const auto& [a, b] : equal) {
    EXPECT_EQ(capability(a), capability(b)) << a << " " << b;
    EXPECT_EQ(capability(a).hash(), capability(b).hash()) << a << " " << b;
    EXPECT_EQ(capability(a).canonical_params(), capability(b).canonical_params());
    EXPECT_EQ(capability(a).params(), a) << "the text stays as it was given";
  }
}

TEST(Capability, DiffersByValueAndIssuer) {
  const std::vector<std::pair<std::string, std::string>> different = {
      {"1", "1.0"},         {"[1,2]", "[2,1]"},
      {R"("a")", R"("A")"}, {"null", R"("null")"},
      {R"({"a":1})", "1"},  {R"({"a":null})", "{}"},
      {"true", "1"},        {R"("a")", R"("a ")"},
      {"[]", "{}"},         {"18446744073709551615", "18446744073709551614"}};
  for (const auto& [a, b] : different) {
    EXPECT_NE(capability(a), capability(b)) << a << " " << b;
  }
  EXPECT_NE(capability("1"), *Capability::make(issuer("b"), "1"));
}

TEST(Capability, WithoutJsonIsNone) {
  for (const char* params : {"", " ", "root", "'a'", "\"open", "{\"a\":}", "1 2", "[1,]", "nul", "\"\xff\"", "1e999"}) {
    EXPECT_FALSE(Capability::make(issuer(), params)) << params;
  }
}

TEST(Capability, AZeroByteDoesNotEndItsParams) {
  using namespace std::string_view_literals;
  for (std::string_view params : {"\"messaging\"\0"sv, "\"messaging\"\0 and more"sv, "1\0"sv, "\0"sv}) {
    EXPECT_FALSE(Capability::make(issuer(), std::string(params))) << params;
  }
}

TEST(Capability, IsNotDeeperThanItsLimit) {
  auto nested = [](size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(Capability::make(issuer(), nested(127)));
  EXPECT_FALSE(Capability::make(issuer(), nested(128)));
  EXPECT_FALSE(Capability::make(issuer(), std::string(1'000'000, '[')));
}

TEST(Capability, HasTheKernelsTwoForms) {
  EXPECT_EQ(Capability::messaging(issuer()), capability(R"("messaging")"));
  EXPECT_EQ(Capability::network(issuer()), capability(R"("network")"));
  EXPECT_EQ(Capability::messaging(issuer()).params(), R"("messaging")");
  EXPECT_EQ(Capability::messaging(issuer()).canonical_params(), R"("messaging")");
  EXPECT_NE(Capability::messaging(issuer()), Capability::network(issuer()));
}

TEST(Capability, IsAKey) {
  std::unordered_set<Capability> held{capability(R"({"a":1,"b":2})")};
  EXPECT_TRUE(held.contains(capability(R"({ "b": 2, "a": 1 })")));
  EXPECT_FALSE(held.contains(capability(R"({"a":1})")));
}

TEST(Capability, OfAnyStringsAndNumbers) {
  EXPECT_TRUE(rc::check("white space and the order of keys do not count", [](const std::map<std::string, int>& map) {
    nlohmann::json forward = nlohmann::json::object();
    nlohmann::ordered_json backward = nlohmann::ordered_json::object();
    for (const auto& [key, value] : map) {
      forward[key] = value;
    }
    for (auto entry = map.rbegin(); entry != map.rend(); ++entry) {
      backward[entry->first] = entry->second;
    }
    auto replace = nlohmann::json::error_handler_t::replace;
    std::string text = forward.dump(-1, ' ', false, replace);
    RC_PRE(nlohmann::json::parse(text).size() == map.size());  // keys that are not UTF-8 may fall together
    RC_ASSERT(*Capability::make(issuer(), text) == *Capability::make(issuer(), backward.dump(2, ' ', true, replace)));
  }));
  EXPECT_TRUE(rc::check("canonical text is a fixed point", [](const std::vector<double>& numbers) {
    Capability first = *Capability::make(issuer(), nlohmann::json(numbers).dump());
    RC_ASSERT(Capability::make(issuer(), first.canonical_params())->canonical_params() == first.canonical_params());
  }));
}

}  // namespace
}  // namespace kinode
