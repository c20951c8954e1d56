// What a node tells of itself: /metrics and `kinode top`. A message that does not arrive is counted under its true
// cause, also where the guest sees a Timeout.

#include <gmock/gmock.h>

#include <sstream>

#include "suite.h"

namespace kinode::conformance {
namespace {

using ::testing::HasSubstr;

class Metrics : public Suite<Metrics> {
 protected:
  [[nodiscard]] std::string text() const {
    const HttpReply reply = node().rpc().http({.method = "GET", .path = "/metrics"});
    EXPECT_EQ(reply.status, 200U) << reply.body;
    return reply.body;
  }
  /// Of one sample, by its name and labels.
  [[nodiscard]] double value(const std::string& sample) const {
    std::istringstream lines(text());
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with(sample + " ")) {
        return std::stod(line.substr(sample.size() + 1));
      }
    }
    throw Failure("no such metric: " + sample);
  }
  [[nodiscard]] double dropped(const std::string& cause) const {
    return value("kinode_messages_dropped_total{cause=\"" + cause + "\"}");
  }
  static std::string of(const std::string& metric, const std::string& process) {
    return "kinode_process_" + metric + "{process=\"" + process + "\"}";
  }
  /// Has the actor do `steps`; how much the drops of `cause` grow by it.
  double drops_by(const std::string& cause, const Json& list) {
    const double before = dropped(cause);
    act(actor, list);
    return dropped(cause) - before;
  }
};

TEST_F(Metrics, EachDropIsCountedUnderItsCause) {
  EXPECT_EQ(drops_by("no_such_process", steps(send("nobody:test-kit:test.os", "x"))), 1);
  EXPECT_EQ(drops_by("denied", steps(send(closed, "x"))), 1);
  // As a Timeout the guest sees all of these.
  EXPECT_EQ(drops_by("no_such_process", steps(await("nobody:test-kit:test.os", "x", {{"expects", 5}}))), 1);
  EXPECT_EQ(drops_by("denied", steps(await(closed, "x", {{"expects", 5}}))), 1);
  EXPECT_EQ(drops_by("timed_out", steps(await(plain, script(hold()), {{"expects", 1}}))), 1);
}

TEST_F(Metrics, ARequestThatItsTargetDiesOfIsCountedAsSuch) {
  const std::string child = spawn_actor();
  const Json list = steps(await(child, script(hold(), step("trap")), {{"expects", 60}}));
  EXPECT_EQ(drops_by("died", list), 1);
}

TEST_F(Metrics, ProcessesAreCountedOneByOne) {
  const double received = value(of("received_total", echo));
  const double sent = value(of("sent_total", echo));
  const double delivered = value("kinode_messages_delivered_total");
  act(actor, steps(repeat(100, steps(await(echo, "x", {{"expects", 60}})))));
  EXPECT_EQ(value(of("received_total", echo)) - received, 100);
  EXPECT_EQ(value(of("sent_total", echo)) - sent, 100);
  EXPECT_GE(value("kinode_messages_delivered_total") - delivered, 200);
  EXPECT_GT(value(of("busy_seconds_total", echo)), 0);
  EXPECT_GE(value(of("memory_bytes", echo)), 65536);
  EXPECT_EQ(value(of("mailbox_messages", echo)), 0);
  EXPECT_GE(value("kinode_run_queue_delay_seconds_count"), 1);
}

TEST_F(Metrics, AnEndlessLoopIsSeenToBeBusy) {
  const std::string loop = spawn({{"wasm_path", kit_file("looper")}, {"on_exit", "None"}});
  node().tell(loop, "spin");
  while (value(of("busy_seconds_total", loop)) < 0.1) {
  }
  EXPECT_LE(value("kinode_worker_busy_seconds_total"), value("kinode_workers") * value("kinode_uptime_seconds"));
  node().kernel({{"KillProcess", loop}});
}

TEST_F(Metrics, TheyAreForProgramsOfThisMachine) {
  const HttpReply page =
      node().rpc().http({.method = "GET",
                         .path = "/metrics",
                         .headers = {{"Origin", "http://localhost:" + std::to_string(node().port())}}});
  EXPECT_EQ(page.status, 403U);
}

TEST_F(Metrics, TopShowsTheNodeOfAHome) {
  const Ended shown = run_to_end({kinode_program(), "top", node().home(), "--once", "--interval", "0.1"});
  EXPECT_EQ(shown.status, 0) << shown.output;
  EXPECT_THAT(shown.output, HasSubstr("test.os   kinode"));
  EXPECT_THAT(shown.output, HasSubstr(echo));
}

TEST_F(Metrics, TopSaysWhatIsWrong) {
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
