#include "modules/net/peers.h"

#include <algorithm>

namespace kinode::modules::net {

std::shared_ptr<Peer> Peers::find(const std::string& name) const {
  std::shared_lock lock(mutex_);
  auto found = peers_.find(name);
  return found == peers_.end() ? nullptr : found->second;
}

std::shared_ptr<Peer> Peers::get(const std::string& name) {
  if (std::shared_ptr<Peer> known = find(name)) {
    return known;
  }
  std::unique_lock lock(mutex_);
  std::shared_ptr<Peer>& peer = peers_[name];
  if (!peer) {
    peer = std::make_shared<Peer>(shared_, inbound_, name);
  }
  return peer;
}

std::vector<std::shared_ptr<Peer>> Peers::all() const {
  std::vector<std::shared_ptr<Peer>> peers;
  std::shared_lock lock(mutex_);
  peers.reserve(peers_.size());
  for (const auto& [name, peer] : peers_) {
    peers.push_back(peer);
  }
  return peers;
}

void Peers::keep_limit() {
  if (shared_.counters.connections <= shared_.settings.max_peers) {
    return;
  }
  std::vector<std::shared_ptr<Peer>> connected = all();
  std::erase_if(connected, [](const auto& peer) { return !peer->is_connected(); });
  if (connected.size() <= shared_.settings.max_peers) {
    return;
  }
  std::ranges::sort(connected, {}, [](const auto& peer) { return peer->last_used(); });
  for (size_t i = 0; i < connected.size() - shared_.settings.max_peers; ++i) {
    connected[i]->disconnect("there are more than there may be (--max-peers), and it was not used for longest");
  }
}

void Peers::sweep() {
  for (const std::shared_ptr<Peer>& peer : all()) {
    peer->close_unused();
    if (peer->is_idle() && peer->outbox().close_if_empty()) {
      std::unique_lock lock(mutex_);
      peers_.erase(peer->name());
    }
  }
}

bool Peers::has_more_to_send() const {
  return std::ranges::any_of(all(), [](const auto& peer) { return peer->has_more_to_send(); });
}

void Peers::close_all(std::string_view reason) {
  for (const std::shared_ptr<Peer>& peer : all()) {
    peer->close(reason);
  }
}

}  // namespace kinode::modules::net
