#include "kinode/types.h"

#include <gtest/gtest.h>

#include <utility>

namespace kinode {
namespace {

TEST(GuestTypes, ReadsTheTextItWrites) {
  for (const char* text : {"n.os@p:k:s", "our@main:app-store:sys", "A node@P_:k k:s/x"}) {
    const auto address = Address::parse(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(address->text(), text);
  }
  EXPECT_EQ(ProcessId::parse("p:k:s")->package(), (PackageId{"k", "s"}));
  EXPECT_EQ(PackageId::parse("k:s")->text(), "k:s");
}

TEST(GuestTypes, RefusesTextWithPartsMissingEmptyOrTooMany) {
  for (const char* text : {"", "p", "p:k", "p:k:s:t", ":k:s", "p::s", "p:k:", "::"}) {
    EXPECT_FALSE(ProcessId::parse(text)) << text;
  }
  for (const char* text : {"", "k", "k:", ":s", "k:s:t"}) EXPECT_FALSE(PackageId::parse(text)) << text;
  for (const char* text : {"", "p:k:s", "@p:k:s", "n@", "n@m@p:k:s", "n@p:k"})
    EXPECT_FALSE(Address::parse(text)) << text;
}

TEST(GuestTypes, KnowsSafePackageNames) {
  EXPECT_TRUE((PackageId{"app-store", "my.node.os"}.is_safe()));
  EXPECT_TRUE((PackageId{"1", "2"}.is_safe()));
  for (const PackageId& id : {PackageId{"a.b", "s"}, PackageId{"A", "s"}, PackageId{"a", "S"}, PackageId{"..", "s"},
                              PackageId{"a/b", "s"}, PackageId{"a", "s/.."}, PackageId{"", "s"}, PackageId{"a", ""}}) {
    EXPECT_FALSE(id.is_safe()) << id.text();
  }
}

TEST(GuestBytes, OwnWhatTheyHold) {
  const std::string text(1000, 'x');
  Bytes first(text);
  Bytes copy = first;
  Bytes moved = std::move(first);
  EXPECT_EQ(copy, moved);
  EXPECT_NE(copy.data(), moved.data());
  EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move): a moved-from Bytes is an empty one
  copy = Bytes("y");
  EXPECT_EQ(copy.text(), "y");
  EXPECT_EQ(moved.text(), text);
  EXPECT_EQ(Bytes::filled(3, 'z').string(), "zzz");
  EXPECT_TRUE(Bytes::adopt(nullptr, 0).empty());
}

}  // namespace
}  // namespace kinode
