// MetricsPage: GET /metrics, what the node counts and measures, in Prometheus' text format.
//
//   200  the metrics      403  not from a program on this machine (local_guard.h)      405  another method
//
// It names the node's processes, so it is not for web pages or other machines: a Prometheus elsewhere scrapes it
// through an agent or a tunnel.
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "modules/http_server/http_exchange.h"

namespace kinode::modules {

/// Makes the text. Called on I/O threads, by several at once.
using WriteMetrics = std::function<std::string()>;

class MetricsPage {
 public:
  static constexpr std::string_view path = "/metrics";

  explicit MetricsPage(WriteMetrics write) : write_(std::move(write)) {}

  /// Any thread. See HttpSite.
  [[nodiscard]] std::expected<size_t, HttpAnswer> admit(const HttpHead& head, const HttpPeer& peer) const;
  void handle(HttpExchange& exchange) const;

 private:
  WriteMetrics write_;
};

}  // namespace kinode::modules
