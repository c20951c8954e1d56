// Identity: how a node is reached and how it proves who it is (networking.md 1.1). Values.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace kinode {

/// A node's address on the internet: it accepts connections itself.
struct DirectRoute {
  /// IPv4 or IPv6, as text.
  std::string ip;
  /// By protocol, "tcp" or "ws". Port 0 counts as absent.
  std::map<std::string, uint16_t> ports;

  friend bool operator==(const DirectRoute&, const DirectRoute&) = default;
};

struct Identity {
  std::string name;
  /// Ed25519: the hex text of 32 bytes, with or without `0x`. What a registry says; it need not be valid.
  std::string networking_key;
  /// Empty ip: the node is reached through `routers`.
  DirectRoute direct;
  /// Names of nodes, any of which passes connections on.
  std::vector<std::string> routers;

  [[nodiscard]] bool is_direct() const { return !direct.ip.empty(); }

  friend bool operator==(const Identity&, const Identity&) = default;
};

}  // namespace kinode
