#include "kernel/statistics.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "kernel/testing/test_node.h"

namespace kinode::kernel {
namespace {

using testing::Puppet;
using testing::TestNode;

struct StatisticsTest : ::testing::Test {
  StatisticsTest() { node.connect(alice.address(), bob.address()); }

  [[nodiscard]] ProcessStatistics of(const Puppet& puppet) const {
    std::vector<ProcessStatistics> all = node.kernel.statistics();
    auto found = std::find_if(all.begin(), all.end(),
                              [&](const ProcessStatistics& each) { return each.id == puppet.address().process(); });
    EXPECT_NE(found, all.end());
    return *found;
  }

  TestNode node;
  Puppet& alice = node.add_puppet("alice:test:sys");
  Puppet& bob = node.add_puppet("bob:test:sys");
  Puppet& carol = node.add_puppet("carol:test:sys");
};

TEST_F(StatisticsTest, TellWhatWaitsAndWhatArrived) {
  node.run();
  alice.request(bob.address(), "one", 10);
  alice.request(bob.address(), "two");
  ProcessStatistics waiting = of(bob);
  EXPECT_EQ(waiting.mailbox_messages, 2U);
  EXPECT_GT(waiting.mailbox_bytes, 6U);
  EXPECT_EQ(waiting.received, 2U);
  EXPECT_EQ(of(alice).sent, 2U);
  EXPECT_EQ(of(alice).open_requests, 1U);

  node.run();
  bob.respond(*bob.take(), "answer");
  EXPECT_EQ(of(bob).mailbox_messages, 0U);
  EXPECT_EQ(of(bob).mailbox_bytes, 0U);
  EXPECT_EQ(of(bob).sent, 1U);
  EXPECT_EQ(of(alice).received, 1U);
  EXPECT_EQ(of(alice).open_requests, 0U);
}

TEST_F(StatisticsTest, WhatIsDroppedIsNotCountedAsSent) {
  alice.request(node.local("nobody:test:sys"), "x");
  carol.request(alice.address(), "carol may not", 10);
  EXPECT_EQ(of(alice).sent, 0U);
  EXPECT_EQ(of(carol).sent, 0U);
  EXPECT_EQ(of(carol).received, 1U);  // the error
  EXPECT_EQ(node.kernel.counters().no_such_process, 1U);
  EXPECT_EQ(node.kernel.counters().denied, 1U);
}

TEST_F(StatisticsTest, EveryMessageThatADeadProcessNeverTookIsCountedOnce) {
  node.run();
  alice.request(bob.address(), "its sender is told", 10);
  alice.request(bob.address(), "its sender is not");
  EXPECT_TRUE(node.kernel.kill(bob.address().process(), /*revoke=*/false));
  EXPECT_EQ(node.kernel.counters().died, 2U);
  node.run();
  EXPECT_EQ(alice.take()->error, SendErrorKind::timeout);
}

TEST_F(StatisticsTest, AnErrorThatADeadProcessNeverTookIsNoMessage) {
  node.run();
  carol.request(alice.address(), "carol may not", 10);
  EXPECT_TRUE(node.kernel.kill(carol.address().process(), /*revoke=*/false));
  EXPECT_EQ(node.kernel.counters().died, 0U);
}

}  // namespace
}  // namespace kinode::kernel
