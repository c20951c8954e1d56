#include "modules/net/dialler.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <random>

#include "transport/deadline.h"
#include "transport/dial.h"
#include "wire/routing_request.h"

namespace kinode::modules::net {

namespace asio = boost::asio;
using std::chrono::steady_clock;
using transport::Awaitable;
using transport::Link;
using transport::Protocol;
using transport::Secured;

namespace {

bool has(const registry::Entry& node, Protocol protocol) {
  return node.identity.direct.ports.contains(std::string(transport::name_of(protocol)));
}

/// By which both halves of a connection come to a router.
Protocol protocol_of_router(const registry::Entry& router) {
  return has(router, Protocol::tcp) ? Protocol::tcp : Protocol::websocket;
}

std::unexpected<Error> unknown(const std::string& name) { return fail("{} is not known", name); }

}  // namespace

Awaitable<Secured> Dialler::reach(std::string name, bool proxy_request) {
  const EntryPointer target = shared_.registry.find(name);
  if (!target) {
    co_return unknown(name);
  }
  if (target->identity.is_direct()) {
    co_return co_await reach_directly(target, proxy_request);
  }
  std::vector<std::string> routers = target->identity.routers;
  std::ranges::shuffle(routers, std::random_device());
  std::string tried;
  for (std::string& router : routers) {
    Result<Secured> secured = co_await reach_through(router, target);
    if (secured) {
      co_return secured;
    }
    tried += (tried.empty() ? "" : "; ") + secured.error().at(router).message;
  }
  co_return fail("{} was not reached through any of its routers: {}", name, tried);
}

Awaitable<Secured> Dialler::reach_directly(EntryPointer target, bool proxy_request) {
  const auto until = steady_clock::now() + set_up_time;
  std::string tried;
  for (const Protocol protocol : {Protocol::tcp, Protocol::websocket}) {
    if (!has(*target, protocol)) {
      continue;
    }
    // One that does not answer leaves half of the time to the other (defect B31).
    const bool is_last = protocol == Protocol::websocket || !has(*target, Protocol::websocket);
    const auto pause = is_last ? until : steady_clock::now() + set_up_time / 2;
    Result<std::shared_ptr<Link>> link = co_await link_to(target, protocol, pause);
    if (link) {
      const transport::Deadline deadline(*link, until);
      co_return co_await transport::initiate(std::move(*link), shared_.credentials(), target->identity.name,
                                             target->key, proxy_request);
    }
    tried += (tried.empty() ? "" : "; ") + link.error().at(transport::name_of(protocol)).message;
  }
  co_return fail("{} was not reached: {}", target->identity.name, tried);
}

Awaitable<Secured> Dialler::reach_through(std::string router, EntryPointer target) {
  const auto until = steady_clock::now() + set_up_time;
  Result<std::shared_ptr<Link>> link = co_await link_through(std::move(router), target->identity.name, until);
  if (!link) {
    co_return std::unexpected(link.error());
  }
  const transport::Deadline deadline(*link, until);
  co_return co_await transport::initiate(std::move(*link), shared_.credentials(), target->identity.name, target->key,
                                         false);
}

Awaitable<Secured> Dialler::answer_through(std::string router, std::string name) {
  const auto until = steady_clock::now() + set_up_time;
  Result<std::shared_ptr<Link>> link = co_await link_through(std::move(router), name, until);
  if (!link) {
    co_return std::unexpected(link.error());
  }
  const transport::Deadline deadline(*link, until);
  Result<std::span<const uint8_t>> first = co_await (*link)->read_packet();
  if (!first) {
    co_return std::unexpected(first.error());
  }
  // Only the node that asked is welcome on this link.
  const transport::FindKey find_key = [&](std::string_view said) -> std::optional<crypto::PublicKey> {
    const EntryPointer entry = said == name ? shared_.registry.find(name) : nullptr;
    return entry ? std::optional(entry->key) : std::nullopt;
  };
  co_return co_await transport::respond(std::move(*link), shared_.credentials(), *first, find_key);
}

Awaitable<std::shared_ptr<Link>> Dialler::link_to(EntryPointer node, Protocol protocol, Deadline until) {
  const DirectRoute& direct = node->identity.direct;
  const auto port = direct.ports.find(std::string(transport::name_of(protocol)));
  if (port == direct.ports.end()) {
    co_return fail("{} has no {} port", node->identity.name, transport::name_of(protocol));
  }
  boost::system::error_code error;
  asio::ip::address ip = asio::ip::make_address(direct.ip, error);
  if (error) {
    co_return fail("`{}` is no IP address", direct.ip);
  }
  if (direct.ip == shared_.settings.ours.direct.ip) {
    ip = asio::ip::address_v4::loopback();  // a node behind the same address as this one is on this machine
  }
  co_return co_await transport::dial(shared_.io.get_executor(), protocol, ip, port->second, until);
}

Awaitable<std::shared_ptr<Link>> Dialler::link_through(std::string router, std::string target, Deadline until) {
  const EntryPointer entry = shared_.registry.find(router);
  if (!entry) {
    co_return unknown(router);
  }
  if (!entry->identity.is_direct() || router == shared_.our_name()) {
    co_return fail("{} is no router", router);
  }
  Result<std::shared_ptr<Link>> link = co_await link_to(entry, protocol_of_router(*entry), until);
  if (!link) {
    co_return link;
  }
  wire::RoutingRequest routing;
  routing.source = shared_.our_name();
  routing.target = target;
  routing.signature = wire::sign_route(*shared_.settings.key, target, router);
  const Bytes request = wire::encode_routing_request(routing);
  if (Result<void> sent = co_await transport::send_packet(**link, request.span()); !sent) {
    co_return std::unexpected(sent.error());
  }
  co_return link;
}

}  // namespace kinode::modules::net
