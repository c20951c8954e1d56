#include "node/networking.h"

#include <sys/resource.h>

#include <algorithm>

namespace kinode::node {
namespace {

constexpr const char* loopback = "127.0.0.1";

/// A quarter of the descriptors that there may be: files of guests and clients need theirs.
size_t default_max_peers() {
  rlimit limit{};
  const size_t descriptors = getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 1'024;
  return std::clamp<size_t>(descriptors / 4, 32, 4'096);
}

modules::net::NetworkSettings settings_of(const Options& options, const OwnIdentity& ours) {
  modules::net::NetworkSettings settings;
  settings.key = ours.key;
  settings.ours.name = ours.name;
  settings.ours.networking_key = crypto::format_public_key(ours.key->public_key());
  if (!options.ip) {  // what is said at the start counts for more than the keyfile
    settings.ours.routers = options.routers.empty() ? ours.routers : options.routers;
  }
  if (settings.ours.routers.empty()) {
    settings.ours.direct.ip = options.ip.value_or(loopback);
  }
  settings.is_development = options.ip.value_or(loopback) == loopback;
  settings.max_peers = options.max_peers.value_or(default_max_peers());
  settings.max_passthroughs = options.max_passthroughs;
  return settings;
}

}  // namespace

Result<std::unique_ptr<Networking>> Networking::open(const Options& options, OwnIdentity ours, Executor& workers,
                                                     std::function<void(std::string)> report) {
  std::unique_ptr<Networking> networking(new Networking(options, std::move(ours), std::move(report)));
  modules::net::NetworkSettings settings = settings_of(options, networking->ours_);
  const modules::net::ListenSettings listen{settings.is_development, options.tcp_port, options.ws_port};
  auto network = modules::net::PeerNetwork::open(std::move(settings), listen, networking->registry_, workers);
  if (!network) {
    return std::unexpected(network.error());
  }
  networking->network_ = std::move(*network);
  if (Result<void> joined = networking->join_devnet(); !joined) {
    return std::unexpected(joined.error());
  }
  return networking;
}

Result<void> Networking::join_devnet() {
  if (!options_.devnet && !options_.node_name) {
    return {};
  }
  const std::string folder = options_.devnet.value_or(registry::Devnet::default_folder());
  Result<std::unique_ptr<registry::Devnet>> devnet = registry::Devnet::join(folder, ours_.name);
  if (devnet) {
    devnet_ = std::move(*devnet);
    return {};
  }
  if (options_.devnet) {
    return std::unexpected(devnet.error());
  }
  report_(devnet.error().message + ". It goes on without other nodes");  // nobody asked for them
  return {};
}

Result<void> Networking::start(kernel::Kernel& kernel) {
  network_->start(kernel);
  const std::string peers_file = options_.peers_file.empty() ? options_.home + "/peers.toml" : options_.peers_file;
  Result<std::unique_ptr<registry::PeersFile>> watched = registry::PeersFile::watch(peers_file, registry_, report_);
  if (!watched) {
    return std::unexpected(watched.error());
  }
  peers_file_ = std::move(*watched);
  if (!devnet_) {
    return {};
  }
  if (Result<void> following = devnet_->follow(registry_, report_); !following) {
    return following;
  }
  const Identity& ours = network_->ours();
  if (ours.is_direct() && ours.direct.ports.empty()) {
    return {};  // it talks with others, but none can call it
  }
  return devnet_->publish(ours, *ours_.key);
}

void Networking::stop() {
  peers_file_ = nullptr;
  devnet_ = nullptr;
  network_->stop();
}

}  // namespace kinode::node
