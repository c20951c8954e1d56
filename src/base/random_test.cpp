#include "base/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <thread>
#include <vector>

namespace kinode {
namespace {

TEST(SystemRandom, DoesNotRepeat) {
  SystemRandom random;
  std::set<uint64_t> seen;
  for (int i = 0; i < 1000; ++i) {
    seen.insert(random.next());
  }
  std::jthread([&] {
    for (int i = 0; i < 1000; ++i) {
      seen.insert(random.next());
    }
  }).join();
  EXPECT_EQ(seen.size(), 2000U);
}

TEST(SystemRandom, FillsAll) {
  SystemRandom random;
  std::vector<uint8_t> bytes(64);
  random.fill(bytes);
  EXPECT_GT(std::set<uint8_t>(bytes.begin(), bytes.end()).size(), 16U);
  random.fill({});
}

}  // namespace
}  // namespace kinode
