// Peers: the table of the nodes that this one talks with.
//
// Threads: `get`, `find` and `all` for any; what they give is for whom Peer says. The rest for the
// network's.
#pragma once

#include <memory>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "modules/net/peer.h"

namespace kinode::modules::net {

class Peers {
 public:
  Peers(Shared& shared, Inbound& inbound) : shared_(shared), inbound_(inbound) {}

  /// The peer of that name, made if it is not there.
  std::shared_ptr<Peer> get(const std::string& name);
  /// Null if there is none.
  [[nodiscard]] std::shared_ptr<Peer> find(const std::string& name) const;
  [[nodiscard]] std::vector<std::shared_ptr<Peer>> all() const;

  /// Closes the connections that were not used for longest, until there are no more than there may be.
  void keep_limit();
  /// Forgets peers that nothing is left of.
  void sweep();
  [[nodiscard]] bool has_more_to_send() const;
  void close_all(std::string_view reason);

 private:
  Shared& shared_;
  Inbound& inbound_;
  mutable std::shared_mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<Peer>> peers_;
};

}  // namespace kinode::modules::net
