// Metrics: what the node counts and measures, as Prometheus' text format. docs/metrics.md lists all of it.
//
// Everything is read from those who count, when it is asked for; here nothing is kept.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/worker_pool.h"
#include "kernel/kernel.h"
#include "modules/net/network.h"

namespace kinode::node {

class Metrics {
 public:
  /// All must outlive it.
  Metrics(const kernel::Kernel& kernel, const WorkerPool& workers, const modules::net::PeerNetwork& network,
          const Clock& clock);

  /// Any thread; takes a lock of each process in turn.
  [[nodiscard]] std::string text() const;

  /// So many processes are shown one by one, those that ran longest; all count in the sums.
  static constexpr size_t shown_processes = 1000;

 private:
  const kernel::Kernel& kernel_;
  const WorkerPool& workers_;
  const modules::net::PeerNetwork& network_;
  const Clock& clock_;
  const Instant started_;
};

}  // namespace kinode::node
