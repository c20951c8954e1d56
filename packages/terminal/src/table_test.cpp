#include "table.h"

#include <gtest/gtest.h>

namespace terminal {
namespace {

TEST(Table, ColumnsStandBelowEachOther) {
  EXPECT_EQ(table({{"process", "public"}, {"a:b:c", "no", "x"}, {"über", "yes"}}),
            "process  public\n"
            "a:b:c    no      x\n"
            "über     yes");
}

TEST(Table, LinesDoNotEndInSpaces) {
  EXPECT_EQ(table({{"a", ""}, {"long", "", "c"}}), "a\nlong    c");
  EXPECT_EQ(table({}), "");
}

}  // namespace
}  // namespace terminal
