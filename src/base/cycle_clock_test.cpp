#include "base/cycle_clock.h"

#include <gtest/gtest.h>

namespace kinode {
namespace {

using namespace std::chrono_literals;

TEST(CycleClock, CountsAsTimePasses) {
  auto begin = std::chrono::steady_clock::now();
  uint64_t first = CycleClock::now();
  while (std::chrono::steady_clock::now() - begin < 20ms) {
  }
  uint64_t counts = CycleClock::between(first, CycleClock::now());
  std::chrono::duration<double> passed = std::chrono::steady_clock::now() - begin;
  // The counter was read within `passed`, unless the system held this thread up between two lines.
  EXPECT_GE(CycleClock::duration(counts) * 1.1, 20ms);
  EXPECT_LE(CycleClock::duration(counts).count(), passed.count() * 1.1);
}

TEST(CycleClock, NeverCountsBackwards) {
  EXPECT_EQ(CycleClock::between(7, 5), 0U);
  EXPECT_EQ(CycleClock::between(5, 7), 2U);
  EXPECT_EQ(CycleClock::duration(0), 0s);
}

}  // namespace
}  // namespace kinode
