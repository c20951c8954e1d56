#include "modules/net/diagnostics.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kinode::modules::net {
namespace {

std::string routing_text(const Identity& identity) {
  if (!identity.is_direct()) {
    return fmt::format("through {}", fmt::join(identity.routers, ", "));
  }
  std::string text = identity.direct.ip;
  for (const auto& [protocol, port] : identity.direct.ports) {
    text += fmt::format(" {}:{}", protocol, port);
  }
  return text;
}

void add_pairs(std::string& text, std::string_view kind, const std::vector<RoutedPair>& pairs) {
  if (pairs.empty()) {
    return;
  }
  text += fmt::format("we have {} {} passthroughs:\r\n", pairs.size(), kind);
  for (const RoutedPair& pair : pairs) {
    text += fmt::format("    {} -> {}\r\n", pair.source, pair.target);
  }
}

}  // namespace

std::string diagnostics_text(const Identity& ours, const NetworkStatus& status) {
  std::string text =
      fmt::format("our Identity: {}, key {}, {}\r\n", ours.name, ours.networking_key, routing_text(ours));
  text += fmt::format("we have connections with {} peers ({} max):\r\n", status.peers.size(), status.max_peers);
  for (const NetworkStatus::Peer& peer : status.peers) {
    text += fmt::format("    {},{} last message {}s ago\r\n", peer.name, peer.is_routed ? " (routing)" : "",
                        peer.unused_for.count());
  }
  if (status.max_passthroughs > 0) {
    text += fmt::format("we allow {} max passthroughs\r\n", status.max_passthroughs);
  }
  add_pairs(text, "pending", status.pending);
  add_pairs(text, "active", status.active);
  text += fmt::format("we have {} entries in the PKI\r\n", status.known_nodes);
  return text;
}

}  // namespace kinode::modules::net
