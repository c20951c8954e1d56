#include "top/node_view.h"

#include <algorithm>
#include <cstdlib>
#include <limits>

namespace kinode::top {
namespace {

constexpr std::string_view process_prefix = "kinode_process_";

std::string label(const Sample& sample, std::string_view name) {
  auto found = sample.labels.find(name);
  return found == sample.labels.end() ? "" : found->second;
}

double value_in(const std::map<std::string, double>& values, const std::string& name) {
  auto found = values.find(name);
  return found == values.end() ? 0 : found->second;
}

/// A counter that went back belongs to another life, and began at nothing.
double growth(double before, double after) { return after >= before ? after - before : after; }

std::optional<double> quantile(const Snapshot& before, const Snapshot& after, double part) {
  if (after.delays.empty()) {
    return std::nullopt;
  }
  auto grown = [&](double bound, double count) {
    auto found = before.delays.find(bound);
    return growth(found == before.delays.end() ? 0 : found->second, count);
  };
  double all = grown(after.delays.rbegin()->first, after.delays.rbegin()->second);
  if (all <= 0) {
    return std::nullopt;
  }
  for (const auto& [bound, count] : after.delays) {
    if (grown(bound, count) >= part * all) {
      return bound;
    }
  }
  return after.delays.rbegin()->first;
}

}  // namespace

double Snapshot::value(const std::string& name) const { return value_in(values, name); }

Result<Snapshot> Snapshot::of(const std::vector<Sample>& samples) {
  Snapshot snapshot;
  for (const Sample& sample : samples) {
    if (sample.name == "kinode_info") {
      snapshot.node = label(sample, "node");
      snapshot.version = label(sample, "version");
    } else if (sample.name == "kinode_messages_dropped_total") {
      snapshot.dropped[label(sample, "cause")] = sample.value;
    } else if (sample.name == "kinode_run_queue_delay_seconds_bucket") {
      std::string bound = label(sample, "le");
      snapshot.delays[bound == "+Inf" ? std::numeric_limits<double>::infinity() : std::strtod(bound.c_str(), nullptr)] =
          sample.value;
    } else if (sample.name.starts_with(process_prefix)) {
      snapshot.processes[label(sample, "process")][sample.name.substr(process_prefix.size())] = sample.value;
    } else if (sample.labels.empty()) {
      snapshot.values[sample.name] = sample.value;
    }
  }
  if (snapshot.node.empty()) {
    return fail("these are not the metrics of a node");
  }
  return snapshot;
}

NodeView NodeView::between(const Snapshot& before, const Snapshot& after) {
  const std::string uptime = "kinode_uptime_seconds";
  double time = std::max(growth(before.value(uptime), after.value(uptime)), 1e-6);
  auto rate = [&](const std::string& name) { return growth(before.value(name), after.value(name)) / time; };

  NodeView view{.node = after.node,
                .version = after.version,
                .uptime = std::chrono::seconds(static_cast<int64_t>(after.value(uptime))),
                .workers = after.value("kinode_workers"),
                .memory = after.value("process_resident_memory_bytes"),
                .guest_memory = after.value("kinode_guest_memory_bytes"),
                .processes = after.value("kinode_processes"),
                .messages_per_second = rate("kinode_messages_delivered_total"),
                .waiting = after.value("kinode_mailbox_messages"),
                .waiting_bytes = after.value("kinode_mailbox_bytes"),
                .open_requests = after.value("kinode_open_requests"),
                .dropped = after.dropped,
                .median_delay = quantile(before, after, 0.5),
                .p99_delay = quantile(before, after, 0.99)};
  view.busy = view.workers > 0 ? rate("kinode_worker_busy_seconds_total") / view.workers : 0;
  for (const auto& [process, values] : after.processes) {
    auto earlier = before.processes.find(process);
    auto process_rate = [&](const std::string& name) {
      double then = earlier == before.processes.end() ? 0 : value_in(earlier->second, name);
      return growth(then, value_in(values, name)) / time;
    };
    view.rows.push_back({.process = process,
                         .busy = process_rate("busy_seconds_total"),
                         .received_per_second = process_rate("received_total"),
                         .sent_per_second = process_rate("sent_total"),
                         .memory = value_in(values, "memory_bytes"),
                         .waiting = value_in(values, "mailbox_messages"),
                         .open_requests = value_in(values, "open_requests")});
  }
  return view;
}

}  // namespace kinode::top
