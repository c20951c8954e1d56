#include "aliases.h"

#include <gtest/gtest.h>

namespace terminal {
namespace {

using Change = Aliases::Change;

const kinode::ProcessId mine{"mine", "made", "test.os"};

TEST(Aliases, ThoseThatComeWithTheTerminalAreThere) {
  EXPECT_EQ(Aliases::restore("").find("m"), (kinode::ProcessId{"m", "terminal", "sys"}));
  EXPECT_EQ(Aliases::restore("").find("other"), std::nullopt);
}

// modules.md 13: what the first client keeps cannot be read back.
TEST(Aliases, M5_ChangesAreReadBack) {
  Aliases aliases = Aliases::restore("");
  EXPECT_EQ(aliases.set("a", mine), Change::done);
  EXPECT_EQ(aliases.set("hi", mine), Change::done);
  EXPECT_EQ(aliases.remove("cat"), Change::done);
  const Aliases again = Aliases::restore(aliases.state());
  EXPECT_EQ(again.all(), aliases.all());
  EXPECT_EQ(again.find("hi"), mine);
  EXPECT_EQ(again.find("cat"), std::nullopt);
}

TEST(Aliases, WhatWasNotChangedIsNotKept) {
  Aliases aliases = Aliases::restore("");
  aliases.set("a", mine);
  aliases.remove("a");
  EXPECT_EQ(aliases.remove("a"), Change::not_found);
  EXPECT_EQ(aliases.state(), R"({"aliases":{}})");
}

TEST(Aliases, AStateOfAnotherKindHasNoChanges) {
  for (const char* state :
       {"no json", "[]", R"({"aliases":[1]})", R"({"aliases":{"a":1,"b":"no id","c d":"a:b:c"}})"}) {
    EXPECT_EQ(Aliases::restore(state).all(), Aliases::restore("").all()) << state;
  }
}

TEST(Aliases, NamesAreOneWordThatIsNoId) {
  Aliases aliases = Aliases::restore("");
  for (const std::string& name :
       {std::string(), std::string("a b"), std::string("a:b"), std::string("a\nb"), std::string(65, 'x')}) {
    EXPECT_EQ(aliases.set(name, mine), Change::refused) << name;
  }
  EXPECT_EQ(aliases.set(std::string(64, 'x'), mine), Change::done);
  EXPECT_EQ(aliases.set("übung", mine), Change::done);
}

TEST(Aliases, TheirNumberIsBounded) {
  Aliases aliases = Aliases::restore("");
  while (aliases.all().size() < 1024)
    ASSERT_EQ(aliases.set("a" + std::to_string(aliases.all().size()), mine), Change::done);
  EXPECT_EQ(aliases.set("one-more", mine), Change::refused);
  EXPECT_EQ(aliases.set("m", mine), Change::done) << "it is there already";
}

}  // namespace
}  // namespace terminal
