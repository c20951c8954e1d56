#include "wasm/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wasm/test_running_node.h"

namespace kinode::wasm {
namespace {

using ::testing::HasSubstr;

TEST(Engine, RefusesSettingsThatCannotWork) {
  Result<std::shared_ptr<Engine>> engine = Engine::start({.wasm_stack = 1 << 20, .fiber_stack = 1 << 20});
  ASSERT_FALSE(engine.has_value());
  EXPECT_THAT(engine.error().message, HasSubstr("the Wasm engine does not start: fiber_stack must leave"));
}

TEST(Engine, StopsItsTicksOnceOrTwiceOrWithoutAny) {
  std::shared_ptr<Engine> engine = *Engine::start({});
  engine->stop_ticking();
  engine->stop_ticking();
  WorkerPool pool({.workers = 1});  // outlives the ticks
  std::shared_ptr<Engine> other = *Engine::start({});
  other->tick_for(pool);
}

TEST(Preemption, S9_AnEndlessLoopGivesWayToOthersOnTheSameWorker) {
  RunningNode node(/*workers=*/1);
  Address looper = node.start("looper", "looper");
  Address echo = node.start("echo", "echo");
  EXPECT_EQ(node.ask(looper, "answer first"), "looping");
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(node.ask(echo, std::to_string(i)), std::to_string(i));
  }
}

TEST(Preemption, S9_WhatALooperSentLastArrives) {
  RunningNode node(/*workers=*/2);
  node.send(node.start("looper", "looper"), "send first");
  std::unique_ptr<kernel::Envelope> last = node.next();
  ASSERT_TRUE(last);
  EXPECT_EQ(last->request().body.text(), "looping");
}

TEST(Preemption, MoreLoopersThanWorkersStillGiveWay) {
  RunningNode node(/*workers=*/2);
  for (int i = 0; i < 6; ++i) {
    EXPECT_EQ(node.ask(node.start("looper", "looper-" + std::to_string(i)), "answer first"), "looping");
  }
  Address echo = node.start("echo", "echo");
  EXPECT_EQ(node.ask(echo, "one"), "one");
  EXPECT_EQ(node.ask(echo, "two"), "two");
}

TEST(Preemption, ALoopWhileAllWorkersSleptBeforeIsInterruptedToo) {
  // Ticks are so short that the ticker sleeps whenever the test's thread is at work.
  RunningNode node(/*workers=*/1, {.tick = std::chrono::microseconds(1)});
  Address echo = node.start("echo", "echo");
  EXPECT_EQ(node.ask(echo, "one"), "one");
  for (int i = 0; i < 5; ++i) {
    Address looper = node.start("looper", "looper-" + std::to_string(i));
    EXPECT_EQ(node.ask(looper, "answer first"), "looping");
    EXPECT_EQ(node.ask(echo, "two"), "two");
    EXPECT_TRUE(node.kernel.kill(looper.process(), true));
  }
}

TEST(Preemption, S9_ALoopingProcessCanBeKilled) {
  RunningNode node(/*workers=*/1);
  Address looper = node.start("looper", "looper");
  Address echo = node.start("echo", "echo");
  EXPECT_EQ(node.ask(looper, "answer first"), "looping");
  EXPECT_TRUE(node.kernel.kill(looper.process(), true));
  EXPECT_FALSE(node.kernel.exists(looper.process()));
  // The worker deletes it at the end of its slice, or when its turn comes; what is woken goes before that.
  do {
    EXPECT_EQ(node.ask(echo, "one"), "one");
  } while (node.factory.processes() > 1);
}

TEST(Preemption, S9_TheNodeStopsThoughGuestsLoop) {
  RunningNode node(/*workers=*/2);
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(node.ask(node.start("looper", "looper-" + std::to_string(i)), "answer first"), "looping");
  }
  node.stop();
  node.stop();
}

TEST(Preemption, AYieldLosesNothingOfTheGuest) {
  RunningNode node(/*workers=*/1);
  Address looper = node.start("looper", "looper");
  Address actor = node.start("actor", "actor");
  EXPECT_EQ(node.ask(looper, "answer first"), "looping");
  // Work of many slices, beside the looper.
  std::string answer = node.ask(actor, R"({"steps":[
      {"do":"repeat","times":2000,"steps":[{"do":"set_state","bytes":{"size":3000,"fill":"x"}}, "get_state"]}]})");
  EXPECT_THAT(answer, HasSubstr(R"("times":2000)"));
  EXPECT_THAT(answer, HasSubstr(std::string(3000, 'x')));
}

TEST(Preemption, AProcessThatCrashesBesideOthersIsTold) {
  RunningNode node(/*workers=*/2);
  node.start("crasher", "crasher");
  EXPECT_THAT(node.printer.wait_for("process crasher:guests:test.os"), HasSubstr("ended with error: trapped"));
}

TEST(Preemption, AProcessIsKilledWhileTheCompilerWorksForIt) {
  RunningNode node(/*workers=*/2);
  for (int i = 0; i < 8; ++i) {
    Address address = node.kernel.local(ProcessId("it", "guests", "test.os"));
    Bytes wasm = noted(guest_bytes("child"), "killed " + std::to_string(i));
    ASSERT_TRUE(node.kernel
                    .initialize({.id = address.process(),
                                 .program = {wasm, "/it.wasm", 1},
                                 .on_exit = OnExit::restart(),
                                 .is_public = true,
                                 .capabilities = {}})
                    .has_value());
    ASSERT_TRUE(node.kernel.run(address.process()).has_value());
    node.send(address, "first", 60);
    EXPECT_TRUE(node.kernel.kill(address.process(), true));
    std::unique_ptr<kernel::Envelope> end = node.next();
    ASSERT_TRUE(end);  // the answer or the error, as it came
    EXPECT_FALSE(node.kernel.exists(address.process()));
  }
  EXPECT_EQ(node.ask(node.start("child", "child"), "x"), "alive");
}

}  // namespace
}  // namespace kinode::wasm
