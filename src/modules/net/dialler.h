// Dialler: reaches a node as the registry says, directly or through one of its routers (networking.md
// 5.1, 5.4).
//
// Threads: the network's alone.
#pragma once

#include <string>

#include "modules/net/shared.h"

namespace kinode::modules::net {

class Dialler {
 public:
  using EntryPointer = std::shared_ptr<const registry::Entry>;
  using Deadline = std::chrono::steady_clock::time_point;

  explicit Dialler(Shared& shared) : shared_(shared) {}

  /// A connection with `name`. Asks to be reached through it if `proxy_request`. Fails saying what was tried.
  transport::Awaitable<transport::Secured> reach(std::string name, bool proxy_request);
  /// A connection with `name`, which asked for one through our router `router`: we dial, and it is as if
  /// it had.
  transport::Awaitable<transport::Secured> answer_through(std::string router, std::string name);
  /// A link to a direct node, before any handshake.
  transport::Awaitable<std::shared_ptr<transport::Link>> link_to(EntryPointer node, transport::Protocol protocol,
                                                                 Deadline until);

 private:
  transport::Awaitable<transport::Secured> reach_directly(EntryPointer target, bool proxy_request);
  transport::Awaitable<transport::Secured> reach_through(std::string router, EntryPointer target);
  /// A link to a router, with our request to be joined with `target` sent.
  transport::Awaitable<std::shared_ptr<transport::Link>> link_through(std::string router, std::string target,
                                                                      Deadline until);
  Shared& shared_;
};

}  // namespace kinode::modules::net
