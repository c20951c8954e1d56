// Networking: the node's network as its options say, with the sources that tell which nodes there are.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "modules/net/network.h"
#include "node/options.h"
#include "node/own_identity.h"
#include "registry/devnet.h"
#include "registry/peers_file.h"
#include "registry/registry.h"

namespace kinode::node {

class Networking {
 public:
  /// Opens the ports. `report` is called on any thread with what the owner should know. `workers` outlives it.
  static Result<std::unique_ptr<Networking>> open(const Options& options, OwnIdentity ours, Executor& workers,
                                                  std::function<void(std::string)> report);

  [[nodiscard]] modules::net::PeerNetwork& network() { return *network_; }
  /// Talks with others from now on, and lets them know of this node.
  Result<void> start(kernel::Kernel& kernel);
  void stop();

 private:
  Networking(Options options, OwnIdentity ours, std::function<void(std::string)> report)
      : options_(std::move(options)), ours_(std::move(ours)), report_(std::move(report)) {}
  Result<void> join_devnet();

  const Options options_;
  const OwnIdentity ours_;
  const std::function<void(std::string)> report_;
  registry::Registry registry_;
  std::unique_ptr<modules::net::PeerNetwork> network_;
  std::unique_ptr<registry::Devnet> devnet_;
  std::unique_ptr<registry::PeersFile> peers_file_;
};

}  // namespace kinode::node
