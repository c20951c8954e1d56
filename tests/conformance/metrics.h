// What a node tells of itself at /metrics, read anew for each question.
#pragma once

#include <sstream>
#include <string>

#include "node_process.h"

namespace kinode::conformance {

class Metrics {
 public:
  explicit Metrics(const NodeProcess& node) : node_(node) {}

  /// Of one sample, by its name and labels.
  [[nodiscard]] double value(const std::string& sample) const {
    const HttpReply reply = node_.rpc().http({.method = "GET", .path = "/metrics"});
    if (reply.status != 200) {
      throw Failure("no metrics: " + reply.body);
    }
    std::istringstream lines(reply.body);
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
  [[nodiscard]] double of(const std::string& metric, const std::string& process) const {
    return value("kinode_process_" + metric + "{process=\"" + process + "\"}");
  }

 private:
  const NodeProcess& node_;
};

}  // namespace kinode::conformance
