// What the owner of a node decides about its network (docs/configuration.md, docs/limits.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "crypto/ed25519.h"
#include "modules/net/outbox.h"
#include "types/identity.h"

namespace kinode::modules::net {

struct NetworkSettings {
  /// This node. Its ports are those that it listens on.
  Identity ours;
  std::shared_ptr<const crypto::SigningKey> key;
  /// Connections at most; the one not used for longest is closed for a new one.
  size_t max_peers = 4'096;
  /// Connections that this node passes on for others, as a router.
  size_t max_passthroughs = 0;
  /// Of those, how many one node may have asked for.
  size_t max_passthroughs_of_one = 16;
  OutboxLimits outbox;
  /// A node for development: it may reach nodes on this machine and in private networks on others' behalf.
  bool is_development = false;
};

}  // namespace kinode::modules::net
