// PeerNetwork: the node's network. It takes the kernel's messages to their nodes, and those of other nodes
// to the kernel; it listens, and as a router joins others.
//
//   auto network = PeerNetwork::open(settings, listen, registry, workers);  // before the kernel: opens ports
//   ... kernel with `network` in its environment ...
//   network->start(kernel);
//   network->stop();   // before the kernel ends
//
// Threads: it has one of its own, which owns all connections. `carry` is for any; the rest for the owner.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "kernel/network.h"
#include "modules/net/network_settings.h"
#include "registry/registry.h"

namespace kinode::kernel {
class Kernel;
}

namespace kinode::modules::net {

/// Where a node that is reached directly listens.
struct ListenSettings {
  /// Only this machine reaches it.
  bool loopback_only = false;
  /// None: the first free one. 0: not by this protocol.
  std::optional<uint16_t> tcp_port;
  std::optional<uint16_t> ws_port;
};

/// Two nodes whose connection this one passes on.
struct RoutedPair {
  std::string source;
  std::string target;
};

struct NetworkStatus {
  struct Peer {
    std::string name;
    bool is_routed = false;  // through this node
    std::chrono::seconds unused_for{0};
  };
  std::vector<Peer> peers;
  size_t max_peers = 0;
  size_t max_passthroughs = 0;
  std::vector<RoutedPair> pending;
  std::vector<RoutedPair> active;
  size_t known_nodes = 0;
};

/// Since the start, but for `connections`. A message's bytes are those before it is sealed.
struct NetworkCounters {
  uint64_t connections = 0;
  uint64_t handshakes = 0;
  uint64_t refused = 0;
  uint64_t sent = 0;
  uint64_t sent_bytes = 0;
  uint64_t received = 0;
  uint64_t received_bytes = 0;
  uint64_t given_back = 0;
};

class PeerNetwork final : public kernel::Network {
 public:
  /// `settings.ours` becomes direct, with the ports that were opened, unless it has routers. Fails with what
  /// to do about it when a port cannot be had.
  static Result<std::unique_ptr<PeerNetwork>> open(NetworkSettings settings, const ListenSettings& listen,
                                                   registry::Registry& registry, Executor& workers);
  ~PeerNetwork() override;

  /// This node, as others should know it.
  [[nodiscard]] const Identity& ours() const;
  [[nodiscard]] registry::Registry& registry();

  void start(kernel::Kernel& kernel);
  /// Ends all connections; what still waits for them has a moment to leave. Again: no effect.
  void stop();

  Carried carry(KernelMessage& message, const std::shared_ptr<Task>& sender) override;

  /// Any thread.
  [[nodiscard]] NetworkCounters counters() const;

  // ---- for the module, any thread ----

  /// Calls `use` with what there is now, on the network's thread; never if it stops before.
  void with_status(std::function<void(NetworkStatus)> use);
  /// Signs as this node.
  [[nodiscard]] Bytes sign(std::span<const uint8_t> bytes) const;

 private:
  struct Parts;
  explicit PeerNetwork(std::shared_ptr<Parts> parts);

  std::shared_ptr<Parts> parts_;
  std::thread thread_;
};

}  // namespace kinode::modules::net
