// Passthroughs: this node as a router, which joins the connections of two others (networking.md 5.4). What
// they say to each other is sealed; this node sees its size.
//
// Bounded: so many in all and for one node, each half that waits for its other for a bounded time. Nobody's
// is ended for another's (defects B12, B18, B21).
//
// Threads: the network's alone.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "modules/net/network.h"
#include "modules/net/shared.h"
#include "wire/routing_request.h"

namespace kinode::modules::net {

class Passthroughs {
 public:
  /// Tells `target`, if it is connected and wants to be reached through this node, that `source` asks for a
  /// connection. False if it is not.
  using Ask = std::function<bool(const std::string& target, const std::string& source)>;
  Passthroughs(Shared& shared, Ask ask) : shared_(shared), ask_(std::move(ask)) {}

  /// `link` began with `request`. An error says why it is refused; its caller closes it.
  transport::Awaitable<void> handle(std::shared_ptr<transport::Link> link, wire::RoutingRequest request);
  /// `target` does not want what `source` asked for.
  void reject(const std::string& source, const std::string& target);

  [[nodiscard]] std::vector<RoutedPair> active() const;
  [[nodiscard]] std::vector<RoutedPair> pending() const;
  /// Ends all.
  void close();

 private:
  using LinkPointer = std::shared_ptr<transport::Link>;
  struct Half {
    RoutedPair pair;
    LinkPointer link;
    boost::asio::steady_timer timer;
  };
  struct Joined {
    RoutedPair pair;
    LinkPointer first;
    LinkPointer second;
    std::chrono::steady_clock::time_point last_moved;
  };

  [[nodiscard]] Result<void> check(const wire::RoutingRequest& request) const;
  [[nodiscard]] size_t count_of(const std::string& node) const;
  LinkPointer take_half(const std::string& source, const std::string& target);
  void wait_for_other(LinkPointer link, RoutedPair pair);
  boost::asio::awaitable<void> join(LinkPointer first, LinkPointer second, RoutedPair pair);
  transport::Awaitable<LinkPointer> dial_target(std::shared_ptr<const registry::Entry> target,
                                                transport::Protocol protocol);

  Shared& shared_;
  const Ask ask_;
  std::list<Half> pending_;
  std::list<Joined> active_;
};

}  // namespace kinode::modules::net
