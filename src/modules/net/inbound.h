// Inbound: what becomes of a message from a peer. Its source must be the node that the connection proved,
// its target this node. Then the kernel has it; or, where it is for net:distro:sys, this: greetings, the
// requests of routers, and what nodes of our kind tell each other.
//
// Threads: the network's alone.
#pragma once

#include <functional>
#include <string>

#include "modules/net/shared.h"

namespace kinode::modules::net {

class Peer;
class Session;

class Inbound {
 public:
  /// What a peer may ask of this node's place in the network.
  struct Requests {
    /// The router `router` says that `name` wants a connection with this node.
    std::function<void(const std::string& router, const std::string& name)> connection_request;
    /// The peer will not have the connection that `name` asked this router for.
    std::function<void(const std::string& peer, const std::string& name)> rejected;
  };
  Inbound(Shared& shared, Requests requests) : shared_(shared), requests_(std::move(requests)) {}

  /// An error ends the connection: the peer does what no honest one does.
  transport::Awaitable<void> arrived(Peer& peer, Session& session, Bytes bytes);
  /// Sends a message of this node's net:distro:sys to the peer's.
  void send(Peer& peer, KernelMessage message);

 private:
  Result<KernelMessage> check(const Peer& peer, const Bytes& bytes) const;
  void prune_forged(KernelMessage& message) const;
  boost::asio::awaitable<void> hand_over(Peer& peer, const Session& session, KernelMessage message);
  /// Until the peer has read what it asked for: else its answers would fill memory.
  boost::asio::awaitable<void> wait_for_outbox(Peer& peer);

  /// Shows a line that the peer caused, unless there are too many.
  void say(Peer& peer, const std::string& line);

  void for_net(Peer& peer, const Session& session, KernelMessage message);
  void greet(Peer& peer, const KernelMessage& message);
  void tell_missing(Peer& peer, const KernelMessage& message);

  Shared& shared_;
  const Requests requests_;
};

}  // namespace kinode::modules::net
