#include "base/result.h"

#include <gtest/gtest.h>

#include "base/check.h"

namespace kinode {
namespace {

Result<int> half(int number) {
  if (number % 2 != 0) {
    return fail("{} is odd", number);
  }
  return number / 2;
}

TEST(Result, IsAValueOrAText) {
  EXPECT_EQ(*half(4), 2);
  EXPECT_EQ(half(3).error().message, "3 is odd");
  EXPECT_EQ(half(3).error().at("numbers[1]").at("config.toml").message, "config.toml: numbers[1]: 3 is odd");
}

TEST(CheckDeathTest, NamesWhatFailedAndItsValues) {
  int a = 2;
  KINODE_CHECK(a == 2);
  EXPECT_DEATH(KINODE_CHECK(a < 1, "a is {}", a), "check failed: a < 1: a is 2");
  EXPECT_DEATH(KINODE_CHECK(a < 1), "result_test.cpp.*check failed: a < 1");
}

}  // namespace
}  // namespace kinode
