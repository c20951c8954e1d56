// A node whose disk is full or broken from any moment on, or refuses one write, and what it knows when it starts again
// on a disk that is well.

#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "ledger.h"

namespace kinode::conformance {
namespace {

struct Disk {
  std::string error;
  /// How many calls are refused; 0: all from the first on.
  uint64_t calls = 0;
};

/// Of a node that works, calls that change the disk: those before it is ready, and those of some entries of all
/// writers.
constexpr uint64_t most_calls = 600;

class FailingDisk : public testing::TestWithParam<Disk> {
 protected:
  static std::vector<std::string> environment(const NodeProcess& node, const Disk& disk, uint64_t first) {
    std::vector<std::string> all = {"LD_PRELOAD=" FAILING_DISK, "FAILING_DISK_FOLDER=" + node.home().string(),
                                    "FAILING_DISK_AT=" + std::to_string(first), "FAILING_DISK_ERROR=" + disk.error};
    if (disk.calls != 0) {
      all.push_back("FAILING_DISK_CALLS=" + std::to_string(disk.calls));
    }
    return all;
  }
};

TEST_P(FailingDisk, WhatWasAnsweredIsThereAndNothingIsHalfThere) {
  constexpr int rounds = 12;
  std::mt19937 random(20261126);  // NOLINT(cert-msc51-cpp): the same calls each time
  NodeProcess node;
  Ledger ledger(node, 3);
  int refused_after_the_start = 0;
  for (int round = 0; round < rounds && !testing::Test::HasFailure(); ++round) {
    const uint64_t first = 1 + random() % most_calls;
    SCOPED_TRACE("round " + std::to_string(round) + ", call " + std::to_string(first));
    node.kill9();
    node.options().environment = environment(node, GetParam(), first);
    try {
      node.start();
      const std::jthread writing([&] { ledger.write_until_gone(); });
      node.wait_for("failing_disk: call");
      ++refused_after_the_start;
      pass_a_drawn_time(random, std::chrono::milliseconds(100));
      node.kill9();
    } catch (const Failure&) {
      // It could not start on such a disk; then it says so and ends.
      EXPECT_EQ(node.wait_for_end(), 1) << node.output();
      EXPECT_NE(node.output().find("failing_disk: call"), std::string::npos) << node.output();
    }
    node.options().environment.clear();
    node.start();
    ledger.check();
  }
  EXPECT_GT(refused_after_the_start, rounds / 4) << "nearly all calls were refused before the node was ready";
}

INSTANTIATE_TEST_SUITE_P(Disks, FailingDisk,
                         testing::Values(Disk{"full"}, Disk{"broken"}, Disk{"full", 1}, Disk{"broken", 1}),
                         [](const auto& info) {
                           return info.param.error + (info.param.calls == 0 ? "FromThereOn" : "Once");
                         });

}  // namespace
}  // namespace kinode::conformance
