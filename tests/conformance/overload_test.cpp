// What happens under more than a node can bear: each ends as docs/limits.md says, and others go on meanwhile.

#include <gmock/gmock.h>

#include "metrics.h"
#include "suite.h"

namespace kinode::conformance {
namespace {

constexpr size_t mailbox_messages = 4096;
constexpr double mailbox_bytes = 256 * 1024 * 1024;

class Overload : public Suite<Overload> {
 protected:
  [[nodiscard]] Metrics metrics() const { return Metrics(node()); }

  /// A process that anybody may message, and that takes nothing, as it awaits a timer.
  [[nodiscard]] std::string spawn_slow(uint64_t milliseconds = 600'000) const {
    const std::string slow = spawn({{"public", true}});
    node().begin(slow, steps(await(timer_id, set_timer(milliseconds), {{"expects", 700}})));
    return slow;
  }
  void kill(const std::string& process) const { node().kernel({{"KillProcess", process}}); }
  void expect_others_go_on() const {
    for (int i = 0; i < 100; ++i) {
      EXPECT_EQ(node().ask(echo, i).status, 200U);
    }
  }
};

TEST_F(Overload, AFloodOfASlowProcessSuspendsWhoSendsAndNobodyElse) {
  const std::string slow = spawn_slow();
  const double died_before = metrics().dropped("died");
  std::vector<std::string> senders;
  for (int i = 0; i < 20; ++i) {
    senders.push_back(spawn_actor());
    node().begin(senders.back(), steps(repeat(1000, steps(send(slow, {{"size", 1000}, {"fill", "x"}})))));
  }
  while (metrics().of("mailbox_messages", slow) < mailbox_messages) {
  }
  expect_others_go_on();
  EXPECT_EQ(metrics().of("mailbox_messages", slow), mailbox_messages);
  // Whoever has a deadline is told when it is over, suspended or not.
  EXPECT_EQ(one(actor, await(slow, "x", {{"expects", 1}}))["error"], "Timeout");
  EXPECT_GE(metrics().dropped("mailbox_full"), 1);

  kill(slow);
  EXPECT_EQ(metrics().dropped("died") - died_before, mailbox_messages);
  for (const std::string& sender : senders) {
    EXPECT_EQ(one(sender, "our")["our"], address(sender));
    kill(sender);
  }
}

TEST_F(Overload, WhoIsSuspendedLosesNothing) {
  const size_t count = 3 * mailbox_messages;
  const std::string slow = spawn_slow(500);
  const Json events = step("configure", {{"max_events", 2 * count}});
  act(actor, steps(repeat(count, steps(send(slow, "x")))));
  act(slow, steps(events));
  EXPECT_EQ(metrics().of("mailbox_messages", slow), 0);
  EXPECT_GE(metrics().of("received_total", slow), count);
  kill(slow);
}

TEST_F(Overload, BlobsThatNobodyTakesAreBoundedByTheirBytes) {
  const std::string slow = spawn_slow();
  const Json large = send(slow, "x", {{"expects", 1}, {"blob", {{"size", 70 * 1024 * 1024}, {"fill", "b"}}}});
  const Json results = act(actor, steps(large, large, large, large, receive(), receive(), receive(), receive()));
  EXPECT_EQ(results[4]["kind"], "error");
  EXPECT_LE(metrics().of("mailbox_bytes", slow), mailbox_bytes);
  EXPECT_EQ(metrics().of("mailbox_messages", slow), 3);
  kill(slow);
  EXPECT_EQ(metrics().value("kinode_mailbox_bytes"), 0);
}

TEST_F(Overload, PrintsWithoutEndHoldUpNobody) {
  const std::string printer = spawn_actor();
  const double before = metrics().value("process_resident_memory_bytes");
  node().begin(printer, steps(repeat(10'000'000, steps(step("print", {{"message", std::string(1000, 'p')}})))));
  wait_for(std::string(100, 'p'));
  expect_others_go_on();
  kill(printer);
  EXPECT_LE(metrics().value("process_resident_memory_bytes"), before + 64e6);
}

TEST_F(Overload, AChainOfInheritanceIsAnsweredByItsEnd) {
  const std::string last = spawn({{"public", true}});
  one(last, step("when", {{"event", "request"}, {"steps", steps(respond("from the end"))}}));
  std::vector<std::string> chain{last};
  for (int i = 0; i < 40; ++i) {
    const Json pass_on = steps(send(chain.back(), "pass it on", {{"inherit", true}}));
    chain.push_back(spawn({{"public", true}}));
    one(chain.back(), step("when", {{"event", "request"}, {"steps", pass_on}}));
  }
  const Json event = one(actor, await(chain.back(), "pass it on", {{"expects", 60}}));
  EXPECT_EQ(event["body"], "from the end");
  EXPECT_EQ(event["source"], address(last));
  for (const std::string& link : chain) {
    kill(link);
  }
}

TEST_F(Overload, TwoThatAwaitEachOtherBothHearThatTimeIsOver) {
  node().begin(second, steps(await(plain, "x", {{"expects", 2}})));
  EXPECT_EQ(one(plain, await(second, "x", {{"expects", 2}}))["error"], "Timeout");
  EXPECT_EQ(one(second, "our")["our"], address(second));
}

TEST(SpawnBomb, EndsAtTheLimitAndTheNodeGoesOn) {
  NodeOptions options;
  options.more = {"--max-processes", "100"};
  NodeProcess node(options);
  node.connect(echo);
  const Json bomb = steps(repeat(10'000'000, steps(step("spawn", {{"wasm_path", kit_file("child")}}))));
  for (const std::string& process : {actor, plain}) {
    node.begin(process, bomb);
  }
  while (Metrics(node).value("kinode_processes") < 100) {
  }
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(node.ask(echo, i).status, 200U);
  }
  EXPECT_EQ(Metrics(node).value("kinode_processes"), 100);
  for (const std::string& process : {actor, plain}) {
    node.kernel({{"KillProcess", process}});
  }
  EXPECT_EQ(node.ask(echo, "x").status, 200U);
}

}  // namespace
}  // namespace kinode::conformance
