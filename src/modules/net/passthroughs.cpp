#include "modules/net/passthroughs.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "modules/net/dialler.h"
#include "modules/net/public_address.h"

namespace kinode::modules::net {

namespace asio = boost::asio;
using transport::Link;

namespace {

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
/// A joined pair through which nothing goes for so long is ended (networking.md 4.4).
constexpr std::chrono::seconds idle_time{7'200};

}  // namespace

// ---- requests -------------------------------------------------------------------------------------

Result<void> Passthroughs::check(const wire::RoutingRequest& request) const {
  if (shared_.settings.max_passthroughs == 0) {
    return fail("{} wants to be passed on to {}; this node is no router (--max-passthroughs)", request.source,
                request.target);
  }
  const auto source = shared_.registry.find(request.source);
  if (!source || !wire::verify(request, source->key, shared_.our_name())) {
    return fail("it wants to be passed on as {} and cannot prove that it is", request.source);
  }
  if (request.source == request.target || request.target == shared_.our_name() ||
      !shared_.registry.find(request.target)) {
    return fail("{} wants to be passed on to {}, which is not known", request.source, request.target);
  }
  return {};
}

size_t Passthroughs::count_of(const std::string& node) const {
  const auto is_its = [&](const auto& one) { return one.pair.source == node; };
  return static_cast<size_t>(std::ranges::count_if(pending_, is_its) + std::ranges::count_if(active_, is_its));
}

transport::Awaitable<void> Passthroughs::handle(LinkPointer link, wire::RoutingRequest request) {
  if (Result<void> checked = check(request); !checked) {
    co_return checked;
  }
  RoutedPair pair{request.source, request.target};
  link->limit_packets(Link::packet_limit);
  if (LinkPointer other = take_half(request.target, request.source)) {
    if (other->protocol() != link->protocol()) {
      other->close();
      co_return fail("{} and {} came by different protocols", request.source, request.target);
    }
    asio::co_spawn(shared_.io, join(std::move(other), std::move(link), {request.target, request.source}),
                   asio::detached);
    co_return Result<void>{};
  }
  if (active_.size() + pending_.size() >= shared_.settings.max_passthroughs) {
    co_return fail("{} is not passed on to {}: {} connections are already", request.source, request.target,
                   shared_.settings.max_passthroughs);
  }
  if (count_of(request.source) >= shared_.settings.max_passthroughs_of_one) {
    co_return fail("{} is not passed on to {}: it has its share already", request.source, request.target);
  }
  const auto target = shared_.registry.find(request.target);
  const std::string protocol(transport::name_of(link->protocol()));
  if (target->identity.direct.ports.contains(protocol)) {
    Result<LinkPointer> other = co_await dial_target(target, link->protocol());
    if (!other) {
      co_return std::unexpected(other.error());
    }
    asio::co_spawn(shared_.io, join(std::move(link), std::move(*other), std::move(pair)), asio::detached);
    co_return Result<void>{};
  }
  wait_for_other(std::move(link), std::move(pair));
  if (!ask_(request.target, request.source)) {
    reject(request.source, request.target);
    co_return fail("{} is not connected with this node, and {} asks for it", request.target, request.source);
  }
  co_return Result<void>{};
}

transport::Awaitable<Passthroughs::LinkPointer> Passthroughs::dial_target(std::shared_ptr<const registry::Entry> target,
                                                                          transport::Protocol protocol) {
  const std::string& ip = target->identity.direct.ip;
  boost::system::error_code error;
  const bool is_elsewhere = is_public(asio::ip::make_address(ip, error)) && ip != shared_.settings.ours.direct.ip;
  // What anybody may publish must not open this machine's network to everybody (defect B20).
  if (!shared_.settings.is_development && (error || !is_elsewhere)) {
    co_return fail("{} has the address {}, which is not a public one", target->identity.name, ip);
  }
  Dialler dialler(shared_);
  Result<LinkPointer> link = co_await dialler.link_to(target, protocol, std::chrono::steady_clock::now() + set_up_time);
  if (link) {
    (*link)->limit_packets(Link::packet_limit);
  }
  co_return link;
}

// ---- halves ---------------------------------------------------------------------------------------

void Passthroughs::wait_for_other(LinkPointer link, RoutedPair pair) {
  // A second request for the same pair takes the place of the first.
  reject(pair.source, pair.target);
  pending_.push_back({std::move(pair), std::move(link), asio::steady_timer(shared_.io, set_up_time)});
  auto half = std::prev(pending_.end());
  half->timer.async_wait([this, half](const boost::system::error_code& cancelled) {
    if (!cancelled) {
      half->link->close();
      pending_.erase(half);
    }
  });
}

Passthroughs::LinkPointer Passthroughs::take_half(const std::string& source, const std::string& target) {
  const auto half = std::ranges::find_if(
      pending_, [&](const Half& one) { return one.pair.source == source && one.pair.target == target; });
  if (half == pending_.end() || half->timer.cancel() == 0) {
    return nullptr;  // or it is too late for it: its timer is about to close it
  }
  LinkPointer link = std::move(half->link);
  pending_.erase(half);
  return link;
}

void Passthroughs::reject(const std::string& source, const std::string& target) {
  if (LinkPointer link = take_half(source, target)) {
    link->close();
  }
}

asio::awaitable<void> Passthroughs::join(LinkPointer first, LinkPointer second, RoutedPair pair) {
  using namespace asio::experimental::awaitable_operators;
  shared_.print(2, fmt::format("passing on between {} and {}", pair.source, pair.target));
  active_.push_back({std::move(pair), first, second, std::chrono::steady_clock::now()});
  auto joined = std::prev(active_.end());
  asio::steady_timer idle(shared_.io, idle_time);
  const std::function<void(size_t)> moved = [&](size_t) { joined->last_moved = std::chrono::steady_clock::now(); };
  auto watch = [&]() -> asio::awaitable<void> {
    while (true) {
      idle.expires_at(joined->last_moved + idle_time);
      auto [cancelled] = co_await idle.async_wait(as_result);
      if (cancelled || std::chrono::steady_clock::now() >= joined->last_moved + idle_time) {
        break;
      }
    }
    first->close();
    second->close();
  };
  co_await ((first->relay_to(*second, moved) && second->relay_to(*first, moved)) || watch());
  active_.erase(joined);
}

// ---- for others -----------------------------------------------------------------------------------

std::vector<RoutedPair> Passthroughs::active() const {
  std::vector<RoutedPair> pairs;
  std::ranges::transform(active_, std::back_inserter(pairs), &Joined::pair);
  return pairs;
}

std::vector<RoutedPair> Passthroughs::pending() const {
  std::vector<RoutedPair> pairs;
  std::ranges::transform(pending_, std::back_inserter(pairs), &Half::pair);
  return pairs;
}

void Passthroughs::close() {
  for (Half& half : pending_) {
    half.link->close();
  }
  for (Joined& joined : active_) {
    joined.first->close();
    joined.second->close();
  }
}

}  // namespace kinode::modules::net
