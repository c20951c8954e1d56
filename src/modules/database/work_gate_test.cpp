#include "modules/database/work_gate.h"

#include <gtest/gtest.h>

#include <future>
#include <thread>

namespace kinode::modules::database {
namespace {

using namespace std::chrono_literals;

TEST(WorkGate, TellsOfRoomOnceAfterItHadNone) {
  WorkGate gate({.calls = 2, .bytes = 100});
  int woken = 0;
  gate.on_room([&] { ++woken; });
  gate.begin(10);
  EXPECT_TRUE(gate.has_room());
  gate.begin(10);
  gate.end(10);
  EXPECT_EQ(woken, 0) << "nobody had asked in vain";
  gate.begin(90);
  EXPECT_FALSE(gate.has_room()) << "of calls and of bytes";
  gate.end(10);
  EXPECT_EQ(woken, 1);
  EXPECT_TRUE(gate.has_room());
  gate.end(90);
  EXPECT_EQ(woken, 1);
}

TEST(WorkGate, AHoldWaitsForWhatIsUnderWayAndHoldsBackWhatIsNew) {
  WorkGate gate;
  std::promise<void> woken;
  gate.on_room([&] { woken.set_value(); });
  gate.begin(1);
  std::thread work([&] { gate.end(1); });
  ASSERT_TRUE(gate.hold(60s));
  work.join();
  EXPECT_FALSE(gate.has_room());
  EXPECT_EQ(woken.get_future().wait_for(0s), std::future_status::timeout);
  gate.release();
  EXPECT_TRUE(gate.has_room());
}

TEST(WorkGate, AHoldInVainHoldsNothing) {
  WorkGate gate;
  gate.begin(1);
  Result<void> held = gate.hold(1ms);
  EXPECT_EQ(held.error().message, "1 requests are still under way after 1 ms. Try again when there is less to do");
  EXPECT_TRUE(gate.has_room());
  gate.end(1);
  ASSERT_TRUE(gate.hold(60s));
  gate.release();
}

}  // namespace
}  // namespace kinode::modules::database
