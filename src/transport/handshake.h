// The handshake of two nodes (networking.md 4.2): Noise XX, whose payloads prove a node's name by a signature
// over its one-time Noise key. After it, each side knows to whom it speaks.
//
// A refused handshake is not answered: the link is closed by whoever owns it.
// Threads: as the link. How long it may take is for the caller to bound.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "crypto/ed25519.h"
#include "transport/channel.h"
#include "wire/handshake_payload.h"

namespace kinode::transport {

/// What a node proves itself with.
struct Credentials {
  std::string name;
  const crypto::SigningKey& key;
};

/// The key of a node by its name; none if it is not known.
using FindKey = std::function<std::optional<crypto::PublicKey>(std::string_view name)>;

/// A connection whose other end is proved.
struct Secured {
  Channel channel;
  std::string peer;
  /// The side that dialled asks to be reached through this node.
  bool proxy_request = false;
  /// What a node of our kind says of itself.
  std::optional<wire::PeerFeatures> features;
};

/// As the side that asked first. The other end must prove to be `peer`, whose key is `peer_key`.
Awaitable<Secured> initiate(std::shared_ptr<Link> link, Credentials ours, std::string peer, crypto::PublicKey peer_key,
                            bool proxy_request);

/// As the other side. `first` is the first packet, read already.
Awaitable<Secured> respond(std::shared_ptr<Link> link, Credentials ours, std::span<const uint8_t> first,
                           FindKey find_key);

/// Sends one packet.
Awaitable<void> send_packet(Link& link, std::span<const uint8_t> packet);

/// Whether a first packet begins a handshake; else it is a request to route.
constexpr bool begins_handshake(std::span<const uint8_t> first) { return first.size() == 32; }

}  // namespace kinode::transport
