// NodeView: what a node said of itself at one time, and what two such tell of the time between them.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "top/prometheus_text.h"

namespace kinode::top {

/// The metrics of a node, as of one scrape.
struct Snapshot {
  std::string node;
  std::string version;
  std::map<std::string, double> values;                            // without labels
  std::map<std::string, double> dropped;                           // by cause
  std::map<double, double> delays;                                 // cumulative count, by bound in seconds
  std::map<std::string, std::map<std::string, double>> processes;  // by process, then by metric

  [[nodiscard]] double value(const std::string& name) const;
  /// Fails when this is not what a node says.
  static Result<Snapshot> of(const std::vector<Sample>& samples);
};

struct ProcessRow {
  std::string process;
  double busy = 0;  // of one processor: 1 is all of it
  double received_per_second = 0;
  double sent_per_second = 0;
  double memory = 0;   // bytes
  double waiting = 0;  // messages in its mailbox
  double open_requests = 0;
};

struct NodeView {
  std::string node;
  std::string version;
  std::chrono::seconds uptime{0};
  double workers = 0;
  double busy = 0;  // of all workers: 1 is all of them
  double memory = 0;
  double guest_memory = 0;
  double processes = 0;
  double messages_per_second = 0;
  double waiting = 0;
  double waiting_bytes = 0;
  double open_requests = 0;
  std::map<std::string, double> dropped;  // by cause, since the node started
  /// The bound, in seconds, that so large a part of the wakes stayed below.
  std::optional<double> median_delay;
  std::optional<double> p99_delay;
  std::vector<ProcessRow> rows;

  static NodeView between(const Snapshot& before, const Snapshot& after);
};

}  // namespace kinode::top
