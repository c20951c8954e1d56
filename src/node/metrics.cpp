#include "node/metrics.h"

#include <prometheus/text_serializer.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "base/cycle_clock.h"
#include "node/version.h"

namespace kinode::node {
namespace {

using kernel::Counters;
using kernel::ProcessStatistics;
using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

using Labels = std::vector<ClientMetric::Label>;

/// The families of one page, in the order in which they were added.
class Page {
 public:
  MetricFamily& family(std::string name, std::string help, MetricType type) {
    return families_.emplace_back(MetricFamily{std::move(name), std::move(help), type, {}});
  }
  static void add(MetricFamily& family, double value, Labels labels = {}) {
    ClientMetric metric;
    metric.label = std::move(labels);
    (family.type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
    family.metric.push_back(std::move(metric));
  }
  void gauge(std::string name, std::string help, double value) {
    add(family(std::move(name), std::move(help), MetricType::Gauge), value);
  }
  void counter(std::string name, std::string help, double value) {
    add(family(std::move(name), std::move(help), MetricType::Counter), value);
  }
  [[nodiscard]] std::string text() const {
    std::ostringstream out;
    prometheus::TextSerializer().Serialize(out, families_);
    return std::move(out).str();
  }

 private:
  std::vector<MetricFamily> families_;
};

double seconds(uint64_t busy) { return CycleClock::duration(busy).count(); }

void add_messages(Page& page, const Counters& counters) {
  page.counter("kinode_messages_delivered_total", "Messages that arrived.", static_cast<double>(counters.delivered));
  MetricFamily& dropped = page.family("kinode_messages_dropped_total",
                                      "Messages that did not arrive, and requests that ended without a response, by "
                                      "their true cause.",
                                      MetricType::Counter);
  const std::pair<const char*, uint64_t> causes[] = {
      {"denied", counters.denied},   {"no_such_process", counters.no_such_process},
      {"died", counters.died},       {"mailbox_full", counters.mailbox_full},
      {"late", counters.late},       {"timed_out", counters.timed_out},
      {"offline", counters.offline}, {"over_limit", counters.over_limit},
      {"too_big", counters.too_big},
  };
  for (const auto& [cause, count] : causes) {
    Page::add(dropped, static_cast<double>(count), {{"cause", cause}});
  }
}

void add_workers(Page& page, const WorkerPool& workers) {
  WorkerPool::Counters counters = workers.counters();
  page.gauge("kinode_workers", "Threads that run processes.", static_cast<double>(workers.workers()));
  page.counter("kinode_worker_busy_seconds_total", "Time in which they ran processes, all together.",
               seconds(counters.busy));
  page.counter("kinode_worker_turns_total", "Turns that processes had.", static_cast<double>(counters.polls));
  page.counter("kinode_worker_sleeps_total", "How often one found nothing to do.",
               static_cast<double>(counters.sleeps));

  ClientMetric delays;
  for (size_t i = 0; i + 1 < DelaySnapshot::buckets; ++i) {
    delays.histogram.sample_count += counters.delays.counts[i];
    double bound = std::chrono::duration<double>(DelaySnapshot::bound(i)).count();
    delays.histogram.bucket.push_back({delays.histogram.sample_count, bound});
  }
  delays.histogram.sample_count += counters.delays.counts.back();
  delays.histogram.sample_sum = std::chrono::duration<double>(counters.delays.sum).count();
  page.family("kinode_run_queue_delay_seconds",
              fmt::format("From the wake of a process to its turn, of one wake in {}.", WorkerPool::delay_sample),
              MetricType::Histogram)
      .metric.push_back(std::move(delays));
}

void add_network(Page& page, const modules::net::NetworkCounters& network) {
  page.gauge("kinode_network_connections", "Connections with other nodes.", static_cast<double>(network.connections));
  page.counter("kinode_network_handshakes_total", "Connections that were made.",
               static_cast<double>(network.handshakes));
  page.counter("kinode_network_refused_total", "Connections of others that were refused.",
               static_cast<double>(network.refused));
  page.counter("kinode_network_given_back_total", "Messages that did not leave, as their node was not reached.",
               static_cast<double>(network.given_back));
  MetricFamily& messages =
      page.family("kinode_network_messages_total", "Messages between this node and others.", MetricType::Counter);
  Page::add(messages, static_cast<double>(network.sent), {{"direction", "sent"}});
  Page::add(messages, static_cast<double>(network.received), {{"direction", "received"}});
  MetricFamily& bytes = page.family("kinode_network_bytes_total", "Their bytes, before sealing.", MetricType::Counter);
  Page::add(bytes, static_cast<double>(network.sent_bytes), {{"direction", "sent"}});
  Page::add(bytes, static_cast<double>(network.received_bytes), {{"direction", "received"}});
}

/// Sums over all processes, then each of those that ran longest.
void add_processes(Page& page, std::vector<ProcessStatistics> processes) {
  struct {
    size_t mailbox_messages = 0;
    size_t mailbox_bytes = 0;
    size_t open_requests = 0;
    uint64_t memory = 0;
  } sum;
  for (const ProcessStatistics& each : processes) {
    sum.mailbox_messages += each.mailbox_messages;
    sum.mailbox_bytes += each.mailbox_bytes;
    sum.open_requests += each.open_requests;
    sum.memory += each.memory;
  }
  page.gauge("kinode_processes", "Processes, those of the runtime with them.", static_cast<double>(processes.size()));
  page.gauge("kinode_mailbox_messages", "Messages in all mailboxes.", static_cast<double>(sum.mailbox_messages));
  page.gauge("kinode_mailbox_bytes", "Their bytes.", static_cast<double>(sum.mailbox_bytes));
  page.gauge("kinode_open_requests", "Requests that wait for their response.", static_cast<double>(sum.open_requests));
  page.gauge("kinode_guest_memory_bytes", "Linear memory of all processes.", static_cast<double>(sum.memory));

  size_t shown = std::min(processes.size(), Metrics::shown_processes);
  std::partial_sort(processes.begin(), processes.begin() + static_cast<ptrdiff_t>(shown), processes.end(),
                    [](const ProcessStatistics& a, const ProcessStatistics& b) { return a.busy > b.busy; });
  processes.erase(processes.begin() + static_cast<ptrdiff_t>(shown), processes.end());
  struct Column {
    const char* name;
    const char* help;
    MetricType type;
    double (*value)(const ProcessStatistics&);
  };
  static constexpr Column columns[] = {
      {"kinode_process_busy_seconds_total", "Time in which the process ran.", MetricType::Counter,
       [](const ProcessStatistics& of) { return seconds(of.busy); }},
      {"kinode_process_received_total", "Messages that arrived in its mailbox.", MetricType::Counter,
       [](const ProcessStatistics& of) { return static_cast<double>(of.received); }},
      {"kinode_process_sent_total", "Messages of it that arrived.", MetricType::Counter,
       [](const ProcessStatistics& of) { return static_cast<double>(of.sent); }},
      {"kinode_process_mailbox_messages", "Messages in its mailbox.", MetricType::Gauge,
       [](const ProcessStatistics& of) { return static_cast<double>(of.mailbox_messages); }},
      {"kinode_process_mailbox_bytes", "Their bytes.", MetricType::Gauge,
       [](const ProcessStatistics& of) { return static_cast<double>(of.mailbox_bytes); }},
      {"kinode_process_open_requests", "Requests of it that wait for their response.", MetricType::Gauge,
       [](const ProcessStatistics& of) { return static_cast<double>(of.open_requests); }},
      {"kinode_process_memory_bytes", "Its linear memory, as of its last turn.", MetricType::Gauge,
       [](const ProcessStatistics& of) { return static_cast<double>(of.memory); }},
  };
  for (const Column& column : columns) {
    MetricFamily& family = page.family(column.name, column.help, column.type);
    for (const ProcessStatistics& each : processes) {
      Page::add(family, column.value(each), {{"process", each.id.text()}});
    }
  }
}

/// Those that every Prometheus client has of its program, by their customary names.
void add_program(Page& page) {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  auto of = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  page.counter("process_cpu_seconds_total", "Processor time of the node.", of(usage.ru_utime) + of(usage.ru_stime));
  std::ifstream statm("/proc/self/statm");
  double all_pages = 0;
  double resident_pages = 0;
  if (statm >> all_pages >> resident_pages) {
    page.gauge("process_resident_memory_bytes", "Memory of the node.",
               resident_pages * static_cast<double>(sysconf(_SC_PAGESIZE)));
  }
}

}  // namespace

Metrics::Metrics(const kernel::Kernel& kernel, const WorkerPool& workers, const modules::net::PeerNetwork& network,
                 const Clock& clock)
    : kernel_(kernel), workers_(workers), network_(network), clock_(clock), started_(clock.now()) {}

std::string Metrics::text() const {
  Page page;
  Page::add(page.family("kinode_info", "The node and its version.", MetricType::Gauge), 1,
            {{"node", kernel_.node()}, {"version", version}});
  page.gauge("kinode_uptime_seconds", "Since the node started.",
             std::chrono::duration<double>(clock_.now() - started_).count());
  add_messages(page, kernel_.counters());
  add_workers(page, workers_);
  add_network(page, network_.counters());
  add_processes(page, kernel_.statistics());
  add_program(page);
  return page.text();
}

}  // namespace kinode::node
