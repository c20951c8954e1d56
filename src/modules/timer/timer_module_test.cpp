#include "modules/timer/timer_module.h"

#include <gmock/gmock.h>
#include <rapidcheck.h>

#include "kernel/testing/test_node.h"

namespace kinode::modules {
namespace {

using namespace std::chrono_literals;
using kernel::Envelope;
using kernel::testing::Puppet;
using kernel::testing::TestNode;

class TimerModuleTest : public ::testing::Test {
 protected:
  TimerModuleTest() {
    node.kernel.add_module(timer.process(), true, [this](kernel::ProcessContext& context) {
      return std::make_unique<TimerModule>(context, node.clock, timers);
    });
    node.run();
  }
  Puppet& add_asker(std::string_view id) {
    Puppet& puppet = node.add_puppet(id);
    node.connect(puppet.address(), timer);
    return puppet;
  }
  void advance(std::chrono::nanoseconds by) {
    node.advance(by);
    timers->advance(node.clock.now());
    node.run();
  }
  void set(Puppet& puppet, uint64_t milliseconds, std::optional<uint64_t> expects = 10) {
    puppet.request(timer, fmt::format(R"({{"SetTimer":{}}})", milliseconds), expects);
    node.run();
  }

  std::shared_ptr<Timers> timers = std::make_shared<Timers>();
  TestNode node;
  Address timer = node.local("timer:distro:sys");
};

TEST_F(TimerModuleTest, AnswersWithNothingAfterTheTime) {
  Puppet& asker = add_asker("asker:test:sys");
  set(asker, 5);
  advance(4ms);
  EXPECT_EQ(asker.take(), nullptr);
  advance(1ms);
  std::unique_ptr<Envelope> answer = asker.take();
  ASSERT_NE(answer, nullptr);
  ASSERT_EQ(answer->kind, Envelope::Kind::response);
  EXPECT_EQ(answer->source, timer);
  EXPECT_TRUE(answer->response().body.empty());
  EXPECT_FALSE(answer->response().metadata.has_value());
  EXPECT_FALSE(answer->blob.has_value());
  EXPECT_EQ(asker.take(), nullptr);
}

TEST_F(TimerModuleTest, AnyTimeIsKept) {
  Puppet& asker = add_asker("asker:test:sys");
  EXPECT_TRUE(rc::check("not before, and then", [&] {
    const uint64_t milliseconds = *rc::gen::inRange<uint64_t>(1, 10'000'000'000);
    set(asker, milliseconds, milliseconds);  // seconds, so the kernel waits longer
    advance(std::chrono::milliseconds(milliseconds) - 1ns);
    RC_ASSERT(asker.take() == nullptr);
    advance(1ns);
    RC_ASSERT(asker.take() != nullptr);
  }));
}

TEST_F(TimerModuleTest, ZeroIsAtOnce) {
  Puppet& asker = add_asker("asker:test:sys");
  set(asker, 0);
  EXPECT_NE(asker.take(), nullptr);
  EXPECT_EQ(timers->size(), 0);
}

TEST_F(TimerModuleTest, OneThatExpectsNoAnswerWaitsAndHarmsNobody) {
  Puppet& asker = add_asker("asker:test:sys");
  set(asker, 5, std::nullopt);
  EXPECT_EQ(timers->size(), 1);
  advance(5ms);
  EXPECT_EQ(timers->size(), 0);
  EXPECT_EQ(asker.take(), nullptr);
}

TEST_F(TimerModuleTest, KeepsTheOrderOfOneMillisecond) {
  Puppet& asker = add_asker("asker:test:sys");
  for (const char* name : {"a", "b", "c"}) {
    kernel::Outgoing outgoing{.target = timer,
                              .request = {.inherit = false,
                                          .expects_response = 10,
                                          .body = Bytes::copy_of(R"({"SetTimer":5})"),
                                          .metadata = std::nullopt,
                                          .capabilities = {}},
                              .context = Bytes::copy_of(name)};
    asker.context().send(outgoing);
  }
  node.run();
  advance(5ms);
  for (const char* name : {"a", "b", "c"}) {
    std::unique_ptr<Envelope> answer = asker.take();
    ASSERT_NE(answer, nullptr);
    EXPECT_EQ(answer->context->text(), name);
  }
}

TEST_F(TimerModuleTest, DebugPrintsAndWhatIsNoRequestIsALine) {
  Puppet& asker = add_asker("asker:test:sys");
  set(asker, 5'000, 10);
  asker.request(timer, R"("Debug")");
  node.run();
  EXPECT_TRUE(node.printer.has("1 active timers", 0));
  EXPECT_TRUE(node.printer.has("in 5000 ms: asker:test:sys", 0));
  for (const char* body : {"", "SetTimer", R"({"SetTimer":-1})", R"({"SetTimer":1.5})", R"({"Set":1})", "null",
                           R"({"SetTimer":18446744073709551616})", R"("SetTimer")"}) {
    node.printer.clear();
    asker.request(timer, body);
    node.run();
    EXPECT_TRUE(node.printer.has("asker:test:sys", 1)) << body;
    EXPECT_FALSE(node.printer.has("asker:test:sys", 0)) << body;
  }
  EXPECT_EQ(timers->size(), 1);
}

TEST_F(TimerModuleTest, TheLargestTimeIsNever) {
  Puppet& asker = add_asker("asker:test:sys");
  set(asker, UINT64_MAX, std::nullopt);
  EXPECT_EQ(timers->size(), 1);
  advance(24h * 365 * 100);
  EXPECT_EQ(timers->size(), 1);
}

TEST_F(TimerModuleTest, RefusesMoreThanOneProcessMayHave) {
  Puppet& greedy = add_asker("greedy:test:sys");
  Puppet& other = add_asker("other:test:sys");
  for (size_t i = 0; i <= Timers::max_of_one; ++i) {
    if (greedy.request(timer, R"({"SetTimer":60000})") == kernel::SendStatus::full) {
      node.run();
      --i;
    }
  }
  node.run();
  EXPECT_EQ(timers->size(), Timers::max_of_one);
  EXPECT_TRUE(node.printer.has("refused", 0));
  set(other, 1);
  advance(1ms);
  EXPECT_NE(other.take(), nullptr);
}

TEST_F(TimerModuleTest, AnAskerThatDiedIsForgottenWhenItsTimeComes) {
  Puppet& asker = add_asker("asker:test:sys");
  set(asker, 5);
  ASSERT_TRUE(node.kernel.kill(asker.address().process(), true));
  node.run();
  advance(5ms);
  EXPECT_EQ(timers->size(), 0);
}

TEST_F(TimerModuleTest, WithoutTheRightToAnswerTheAskerTimesOut) {
  Puppet& asker = node.add_puppet("asker:test:sys");  // not public, nothing granted; the timer is public
  set(asker, 5, 1);
  advance(5ms);
  EXPECT_EQ(asker.take(), nullptr);
  advance(1s);
  std::unique_ptr<Envelope> answer = asker.take();
  ASSERT_NE(answer, nullptr);
  EXPECT_EQ(answer->kind, Envelope::Kind::send_error);
}

}  // namespace
}  // namespace kinode::modules
