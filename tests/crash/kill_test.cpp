// A node that is killed at any moment, hundreds of times, and what it knows when it starts again.

#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "ledger.h"

namespace kinode::conformance {
namespace {

TEST(Kill, WhatWasAnsweredIsThereAndNothingIsHalfThere) {
  constexpr int rounds = 200;
  std::mt19937 random(20261125);  // NOLINT(cert-msc51-cpp): the same moments each time, as far as time allows
  NodeProcess node;
  Ledger ledger(node, 4);
  const std::chrono::microseconds an_entry = ledger.write_one();
  uint64_t answered_before_a_kill = 0;
  for (int round = 0; round < rounds && !testing::Test::HasFailure(); ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    const uint64_t before = ledger.answered();
    {
      const std::jthread writing([&] { ledger.write_until_gone(); });
      pass_a_drawn_time(random, 3 * an_entry);
      node.kill9();
    }
    answered_before_a_kill += ledger.answered() - before;
    node.start();
    ledger.check();
  }
  // Else the kills came before there was anything to forget.
  EXPECT_GT(answered_before_a_kill, uint64_t{rounds});
}

}  // namespace
}  // namespace kinode::conformance
