// Thousands of simulations, and that each is the same when it is run again.
#include <gtest/gtest.h>

#include "runner.h"

namespace kinode::simulation {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr uint64_t seeds = 200;  // each takes many times as long
#else
constexpr uint64_t seeds = 10'000;
#endif

TEST(Simulation, HoldsForEverySeed) {
  std::optional<Failure> failure = run_seeds(1, seeds);
  EXPECT_FALSE(failure.has_value()) << failure->text();
}

TEST(Simulation, TheSameSeedGivesTheSameSimulation) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    std::vector<std::string> first;
    EXPECT_FALSE(run_seed(seed, [&](const std::string& line) { first.push_back(line); }));
    std::vector<std::string> second;
    EXPECT_FALSE(run_seed(seed, [&](const std::string& line) { second.push_back(line); }));
    EXPECT_EQ(first, second) << "seed " << seed;
    EXPECT_GT(first.size(), 50) << "seed " << seed;
  }
}

}  // namespace
}  // namespace kinode::simulation
