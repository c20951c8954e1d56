#include "top/screen.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <sstream>

namespace kinode::top {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

Snapshot snapshot(const std::string& text) {
  auto samples = parse_prometheus(text);
  EXPECT_TRUE(samples.has_value()) << samples.error().message;
  auto made = Snapshot::of(*samples);
  EXPECT_TRUE(made.has_value()) << made.error().message;
  return *made;
}

const std::string before =
    "kinode_info{node=\"node.dev\",version=\"1.2.3\"} 1\n"
    "kinode_uptime_seconds 100\n"
    "kinode_workers 2\n"
    "kinode_worker_busy_seconds_total 10\n"
    "kinode_messages_delivered_total 1000\n"
    "kinode_run_queue_delay_seconds_bucket{le=\"1e-06\"} 50\n"
    "kinode_run_queue_delay_seconds_bucket{le=\"0.002\"} 50\n"
    "kinode_run_queue_delay_seconds_bucket{le=\"+Inf\"} 50\n"
    "kinode_process_busy_seconds_total{process=\"a:b:c\"} 4\n"
    "kinode_process_busy_seconds_total{process=\"d:e:f\"} 9\n"
    "kinode_process_received_total{process=\"a:b:c\"} 100\n";
const std::string after =
    "kinode_info{node=\"node.dev\",version=\"1.2.3\"} 1\n"
    "kinode_uptime_seconds 102\n"
    "kinode_workers 2\n"
    "kinode_worker_busy_seconds_total 12\n"
    "kinode_messages_delivered_total 51000\n"
    "kinode_messages_dropped_total{cause=\"no_such_process\"} 3\n"
    "kinode_messages_dropped_total{cause=\"late\"} 0\n"
    "kinode_run_queue_delay_seconds_bucket{le=\"1e-06\"} 140\n"
    "kinode_run_queue_delay_seconds_bucket{le=\"0.002\"} 150\n"
    "kinode_run_queue_delay_seconds_bucket{le=\"+Inf\"} 150\n"
    "kinode_processes 3\n"
    "kinode_process_busy_seconds_total{process=\"a:b:c\"} 5.5\n"
    "kinode_process_busy_seconds_total{process=\"d:e:f\"} 0.5\n"
    "kinode_process_received_total{process=\"a:b:c\"} 120\n"
    "kinode_process_memory_bytes{process=\"a:b:c\"} 1114112\n"
    "kinode_process_memory_bytes{process=\"d:e:f\"} 2228224\n";

NodeView view() { return NodeView::between(snapshot(before), snapshot(after)); }

TEST(NodeView, TellsWhatHappenedBetweenTwoScrapes) {
  NodeView seen = view();
  EXPECT_EQ(seen.node, "node.dev");
  EXPECT_EQ(seen.uptime, std::chrono::seconds(102));
  EXPECT_DOUBLE_EQ(seen.busy, 0.5);
  EXPECT_DOUBLE_EQ(seen.messages_per_second, 25'000);
  EXPECT_EQ(seen.median_delay, 1e-6);
  EXPECT_EQ(seen.p99_delay, 0.002);
  ASSERT_EQ(seen.rows.size(), 2U);
  EXPECT_DOUBLE_EQ(seen.rows[0].busy, 0.75);
  EXPECT_DOUBLE_EQ(seen.rows[0].received_per_second, 10);
  EXPECT_DOUBLE_EQ(seen.rows[1].busy, 0.25);  // it started again meanwhile
}

TEST(NodeView, NothingHappenedNothingIsTold) {
  NodeView seen = NodeView::between(snapshot(before), snapshot(before));
  EXPECT_EQ(seen.median_delay, std::nullopt);
  EXPECT_DOUBLE_EQ(seen.busy, 0);
}

TEST(NodeView, OtherMetricsAreNotANodes) {
  auto samples = parse_prometheus("up 1\n");
  EXPECT_THAT(Snapshot::of(*samples).error().message, HasSubstr("not the metrics of a node"));
}

std::vector<std::string> processes_in(const std::string& text) {
  std::vector<std::string> found;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.ends_with("a:b:c") || line.ends_with("d:e:f")) {
      found.push_back(line.substr(line.size() - 5));
    }
  }
  return found;
}

TEST(Screen, ShowsTheNodeAndItsProcesses) {
  std::string text = draw(view(), {});
  EXPECT_THAT(text, AllOf(HasSubstr("node.dev"), HasSubstr("50 % busy"), HasSubstr("25.0 k messages/s"),
                          HasSubstr("3 no such process"), Not(HasSubstr("late")), HasSubstr("1 us (p99 2 ms)")));
  EXPECT_THAT(text, HasSubstr("   75.0    1.1 MB        10         0         0       0  a:b:c\n"));
  EXPECT_THAT(text, HasSubstr("and 1 more"));
}

TEST(Screen, OrdersAsItIsTold) {
  EXPECT_THAT(processes_in(draw(view(), {.order = Order::busy})), ElementsAre("a:b:c", "d:e:f"));
  EXPECT_THAT(processes_in(draw(view(), {.order = Order::memory})), ElementsAre("d:e:f", "a:b:c"));
  EXPECT_THAT(processes_in(draw(view(), {.order = Order::messages})), ElementsAre("a:b:c", "d:e:f"));
  EXPECT_THAT(processes_in(draw(view(), {.order = Order::waiting})), ElementsAre("a:b:c", "d:e:f"));
  EXPECT_THAT(processes_in(draw(view(), {.order = Order::name})), ElementsAre("a:b:c", "d:e:f"));
  EXPECT_THAT(processes_in(draw(view(), {.rows = 1})), ElementsAre("a:b:c"));
}

TEST(Screen, CutsLinesToTheTerminal) {
  std::istringstream lines(draw(view(), {.columns = 20}));
  for (std::string line; std::getline(lines, line);) {
    EXPECT_LE(line.size(), 20U);
  }
}

TEST(Screen, ShowsQuantitiesWithUnits) {
  EXPECT_EQ(bytes_text(0), "0 B");
  EXPECT_EQ(bytes_text(999), "999 B");
  EXPECT_EQ(bytes_text(1234), "1.2 kB");
  EXPECT_EQ(bytes_text(36e6), "36 MB");
  EXPECT_EQ(bytes_text(999.9e6), "1.0 GB");
  EXPECT_EQ(delay_text(1e-6), "1 us");
  EXPECT_EQ(delay_text(0.000512), "512 us");
  EXPECT_EQ(delay_text(0.002048), "2.0 ms");
  EXPECT_EQ(delay_text(16.8), "17 s");
  EXPECT_EQ(delay_text(std::numeric_limits<double>::infinity()), "longer");
}

}  // namespace
}  // namespace kinode::top
