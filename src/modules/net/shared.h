// What the parts of the network share. Inner part of this room, not for others.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <string>

#include "kernel/kernel.h"
#include "modules/net/network_settings.h"
#include "registry/registry.h"
#include "transport/handshake.h"

namespace kinode::modules::net {

/// How long a connection may take to be made, with its handshake (networking.md 4.4).
constexpr std::chrono::seconds set_up_time{5};

inline ProcessId net_id() { return {"net", "distro", "sys"}; }

/// Counted on the network's thread, read on any.
struct NetCounters {
  std::atomic<uint64_t> connections = 0;  // open now
  std::atomic<uint64_t> handshakes = 0;   // that succeeded
  std::atomic<uint64_t> refused = 0;      // connections of others that were not
  std::atomic<uint64_t> sent = 0;         // messages
  std::atomic<uint64_t> sent_bytes = 0;
  std::atomic<uint64_t> received = 0;
  std::atomic<uint64_t> received_bytes = 0;
  std::atomic<uint64_t> given_back = 0;  // messages that did not leave
};

struct Shared {
  Shared(NetworkSettings with, registry::Registry& nodes, Executor& workers)
      : settings(std::move(with)), registry(nodes), executor(workers) {}

  [[nodiscard]] const std::string& our_name() const { return settings.ours.name; }
  [[nodiscard]] transport::Credentials credentials() const { return {settings.ours.name, *settings.key}; }
  [[nodiscard]] Address our_net() const { return {our_name(), net_id()}; }
  void print(uint8_t verbosity, std::string text) const {
    kernel->environment().printer.print({verbosity, net_id(), std::move(text)});
  }

  NetworkSettings settings;  // unchanged once the thread runs
  registry::Registry& registry;
  Executor& executor;
  boost::asio::io_context io{1};
  kernel::Kernel* kernel = nullptr;  // set before the thread starts
  NetCounters counters;
  /// The last write to the journal that is known to be on disk. Any thread.
  std::atomic<uint64_t> durable = 0;
};

}  // namespace kinode::modules::net
