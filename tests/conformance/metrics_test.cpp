// What a node tells of itself: /metrics and `kinode top`. A message that does not arrive is counted under its true
// cause, also where the guest sees a Timeout.

#include "metrics.h"

#include <gmock/gmock.h>

#include "suite.h"

namespace kinode::conformance {
namespace {

using ::testing::HasSubstr;

class NodeMetrics : public Suite<NodeMetrics> {
 protected:
  [[nodiscard]] Metrics metrics() const { return Metrics(node()); }
  /// Has the actor do `steps`; how much the drops of `cause` grow by it.
  double drops_by(const std::string& cause, const Json& list) {
    const double before = metrics().dropped(cause);
    act(actor, list);
    return metrics().dropped(cause) - before;
  }
};

TEST_F(NodeMetrics, EachDropIsCountedUnderItsCause) {
  EXPECT_EQ(drops_by("no_such_process", steps(send("nobody:test-kit:test.os", "x"))), 1);
  EXPECT_EQ(drops_by("denied", steps(send(closed, "x"))), 1);
  // As a Timeout the guest sees all of these.
  EXPECT_EQ(drops_by("no_such_process", steps(await("nobody:test-kit:test.os", "x", {{"expects", 5}}))), 1);
  EXPECT_EQ(drops_by("denied", steps(await(closed, "x", {{"expects", 5}}))), 1);
  EXPECT_EQ(drops_by("timed_out", steps(await(plain, script(hold()), {{"expects", 1}}))), 1);
}

TEST_F(NodeMetrics, ARequestThatItsTargetDiesOfIsCountedAsSuch) {
  const std::string child = spawn_actor();
  const Json list = steps(await(child, script(hold(), step("trap")), {{"expects", 60}}));
  EXPECT_EQ(drops_by("died", list), 1);
}

TEST_F(NodeMetrics, ProcessesAreCountedOneByOne) {
  const double received = metrics().of("received_total", echo);
  const double sent = metrics().of("sent_total", echo);
  const double delivered = metrics().value("kinode_messages_delivered_total");
  act(actor, steps(repeat(100, steps(await(echo, "x", {{"expects", 60}})))));
  EXPECT_EQ(metrics().of("received_total", echo) - received, 100);
  EXPECT_EQ(metrics().of("sent_total", echo) - sent, 100);
  EXPECT_GE(metrics().value("kinode_messages_delivered_total") - delivered, 200);
  EXPECT_GT(metrics().of("busy_seconds_total", echo), 0);
  EXPECT_GE(metrics().of("memory_bytes", echo), 65536);
  EXPECT_EQ(metrics().of("mailbox_messages", echo), 0);
  EXPECT_GE(metrics().value("kinode_run_queue_delay_seconds_count"), 1);
}

TEST_F(NodeMetrics, AnEndlessLoopIsSeenToBeBusy) {
  const std::string loop = spawn({{"wasm_path", kit_file("looper")}, {"on_exit", "None"}});
  node().tell(loop, "spin");
  while (metrics().of("busy_seconds_total", loop) < 0.1) {
  }
  EXPECT_LE(metrics().value("kinode_worker_busy_seconds_total"),
            metrics().value("kinode_workers") * metrics().value("kinode_uptime_seconds"));
  node().kernel({{"KillProcess", loop}});
}

TEST_F(NodeMetrics, TheyAreForProgramsOfThisMachine) {
  const HttpReply page =
      node().rpc().http({.method = "GET",
                         .path = "/metrics",
                         .headers = {{"Origin", "http://localhost:" + std::to_string(node().port())}}});
  EXPECT_EQ(page.status, 403U);
}

TEST_F(NodeMetrics, TopShowsTheNodeOfAHome) {
  const Ended shown = run_to_end({kinode_program(), "top", node().home(), "--once", "--interval", "0.1"});
  EXPECT_EQ(shown.status, 0) << shown.output;
  EXPECT_THAT(shown.output, HasSubstr("test.os   kinode"));
  EXPECT_THAT(shown.output, HasSubstr(echo));
}

TEST_F(NodeMetrics, TopSaysWhatIsWrong) {
  const TempFolder home;
  const Ended nothing = run_to_end({kinode_program(), "top", home.path()});
  EXPECT_EQ(nothing.status, 1);
  EXPECT_THAT(nothing.output, HasSubstr("kinode top: cannot open"));
  const Ended usage = run_to_end({kinode_program(), "top", home.path(), "--sort", "colour"});
  EXPECT_EQ(usage.status, 2);
  EXPECT_THAT(usage.output, HasSubstr("colour"));

  NodeProcess other;
  const std::string stopped = other.home();
  other.stop();
  EXPECT_THAT(run_to_end({kinode_program(), "top", stopped}).output, HasSubstr("no node runs on"));
}

}  // namespace
}  // namespace kinode::conformance
