#include "types/address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <unordered_set>

namespace kinode {
namespace {

using testing::HasSubstr;

constexpr const char* missing_field = "Missing field";
constexpr const char* too_many_colons = "Too many colons";
constexpr const char* missing_node = "Node ID missing";
constexpr const char* too_many_ats = "Too many `@` chars: only one allowed";

struct Refusal {
  std::string text;
  std::string reason;
};

template <class Name>
void expect_refused(const std::vector<Refusal>& refusals) {
  for (const Refusal& refusal : refusals) {
    Result<Name> name = Name::parse(refusal.text);
    ASSERT_FALSE(name) << refusal.text;
    EXPECT_THAT(name.error().message, HasSubstr(refusal.reason)) << refusal.text;
  }
}

TEST(ProcessId, HasThreeParts) {
  Result<ProcessId> id = ProcessId::parse("terminal:my-package:pub.os");
  ASSERT_TRUE(id);
  EXPECT_EQ(id->process(), "terminal");
  EXPECT_EQ(id->package(), "my-package");
  EXPECT_EQ(id->publisher(), "pub.os");
  EXPECT_EQ(id->text(), "terminal:my-package:pub.os");
  EXPECT_EQ(id->package_id().text(), "my-package:pub.os");
  EXPECT_EQ(*id, ProcessId("terminal", "my-package", "pub.os"));
}

TEST(ProcessId, RefusesAnyOtherNumberOfParts) {
  expect_refused<ProcessId>({
      {"", missing_field},
      {"a", missing_field},
      {"a:b", missing_field},
      {":b:c", missing_field},
      {"a::c", missing_field},
      {"a:b:", missing_field},
      {"::", missing_field},
      {"a:b:c:d", too_many_colons},
      {"a:b:c:", too_many_colons},
      {":b:c:d", too_many_colons},
      {"a::b:c", too_many_colons},
      {":::", too_many_colons},
  });
}

TEST(ProcessId, AcceptsAnyOtherLetter) {
  for (const char* text : {"A:B:C", "a b:c_d:e", "x@y:p:q", "ä:ö:ü", " a:b:c ", "1:2:3"}) {
    Result<ProcessId> id = ProcessId::parse(text);
    ASSERT_TRUE(id) << text;
    EXPECT_EQ(id->text(), text);
  }
}

TEST(ProcessId, IsComparedByteByByte) {
  EXPECT_NE(*ProcessId::parse("a:b:c"), *ProcessId::parse("A:b:c"));
  EXPECT_NE(*ProcessId::parse("a:b:c"), *ProcessId::parse("a:b:c "));
  EXPECT_LT(*ProcessId::parse("a:b:c"), *ProcessId::parse("a:b:d"));
  std::unordered_set<ProcessId> ids{*ProcessId::parse("a:b:c"), *ProcessId::parse("a:b:c"), *ProcessId::parse("a:b:d")};
  EXPECT_EQ(ids.size(), 2U);
}

TEST(ProcessId, IsNameSafeByItsAlphabet) {
  for (const char* text : {"a:b:c", "-:-:.", "1-2:x9:..pub.os", "18446744073709551615:p:q"}) {
    EXPECT_TRUE(ProcessId::parse(text)->is_name_safe()) << text;
  }
  const std::vector<Refusal> refusals = {
      {"A:b:c", "Process name (A) can only contain a-z, 0-9, `-`"},
      {"a.b:b:c", "Process name (a.b) can only contain a-z, 0-9, `-`"},
      {"a_b:b:c", "Process name (a_b) can only contain a-z, 0-9, `-`"},
      {"a:b.c:c", "Package name (b.c) can only contain a-z, 0-9, `-`"},
      {"a:b c:c", "Package name (b c) can only contain a-z, 0-9, `-`"},
      {"a:b:C", "Publisher node (C) can only contain a-z, 0-9, `-`, `.`"},
      {"a:b:c/d", "Publisher node (c/d) can only contain a-z, 0-9, `-`, `.`"},
  };
  for (const auto& [text, reason] : refusals) {
    Result<void> safe = ProcessId::parse(text)->check_name_safe();
    ASSERT_FALSE(safe) << text;
    EXPECT_EQ(safe.error().message, reason);
  }
}

TEST(PackageId, HasTwoParts) {
  Result<PackageId> id = PackageId::parse("my-package:pub.os");
  ASSERT_TRUE(id);
  EXPECT_EQ(id->package(), "my-package");
  EXPECT_EQ(id->publisher(), "pub.os");
  EXPECT_EQ(id->text(), "my-package:pub.os");
  EXPECT_TRUE(id->is_name_safe());
  EXPECT_FALSE(PackageId::parse("my.package:pub.os")->is_name_safe());
  EXPECT_FALSE(PackageId::parse("my-package:Pub")->is_name_safe());
  expect_refused<PackageId>({
      {"", missing_field},
      {"a", missing_field},
      {":", missing_field},
      {"a:", missing_field},
      {":b", missing_field},
      {"a:b:c", too_many_colons},
      {":b:c", too_many_colons},
      {"a::", too_many_colons},
  });
}

TEST(Address, IsANodeAndAProcess) {
  Result<Address> address = Address::parse("node.os@a:b:c.os");
  ASSERT_TRUE(address);
  EXPECT_EQ(address->node(), "node.os");
  EXPECT_EQ(address->process(), *ProcessId::parse("a:b:c.os"));
  EXPECT_EQ(address->text(), "node.os@a:b:c.os");
  EXPECT_EQ(*address, Address("node.os", ProcessId("a", "b", "c.os")));
  EXPECT_NE(*address, Address("node", ProcessId("a", "b", "c.os")));
  EXPECT_EQ(std::hash<Address>{}(*address), std::hash<Address>{}(Address("node.os", ProcessId("a", "b", "c.os"))));
}

TEST(Address, RefusesInTheReferencesOrder) {
  expect_refused<Address>({
      {"", missing_node},
      {"a:b:c", missing_node},
      {"@a:b:c", missing_node},
      {"@", missing_node},
      {"n@m@a:b:c", too_many_ats},
      {"@@a:b:c", too_many_ats},
      {"@n@", too_many_ats},
      {"n@a:b:c@", too_many_ats},
      {"n@", missing_field},
      {"n@a:b", missing_field},
      {"n@a::c", missing_field},
      {"n@a:b:c:d", too_many_colons},
  });
  EXPECT_TRUE(Address::parse("a:b@c:d:e")) << "a node's letters are not looked at";
}

TEST(Names, AreTheirText) {
  EXPECT_TRUE(rc::check("what parses has the text it came from", [](const std::string& text) {
    if (Result<ProcessId> id = ProcessId::parse(text)) {
      RC_ASSERT(id->text() == text);
    }
  }));
  EXPECT_TRUE(rc::check("three parts without separators are an id", [] {
    auto part = rc::gen::nonEmpty(rc::gen::container<std::string>(
        rc::gen::distinctFrom(rc::gen::distinctFrom(rc::gen::character<char>(), ':'), '@')));
    std::string process = *part;
    std::string package = *part;
    std::string publisher = *part;
    std::string node = *part;
    Result<Address> address = Address::parse(node + "@" + process + ":" + package + ":" + publisher);
    RC_ASSERT(address.has_value());
    RC_ASSERT(*address == Address(node, ProcessId(process, package, publisher)));
    RC_ASSERT(address->process().package() == package);
  }));
}

}  // namespace
}  // namespace kinode
