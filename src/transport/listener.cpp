#include "transport/listener.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "transport/tcp_link.h"
#include "transport/websocket_link.h"

namespace kinode::transport {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
constexpr uint16_t ports_tried = 1'000;
/// How long nothing is accepted when the machine has no descriptor or memory for a connection.
constexpr std::chrono::milliseconds accept_pause{100};

/// What counts as one address: of IPv6, whose users have many, the first 64 bits.
std::string share_of(const asio::ip::address& address) {
  if (address.is_v6() && !address.to_v6().is_v4_mapped()) {
    const auto bytes = address.to_v6().to_bytes();
    return {bytes.begin(), bytes.begin() + 8};
  }
  return address.to_string();
}

bool is_loopback(const asio::ip::address& address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).is_loopback();
  }
  return address.is_loopback();
}

}  // namespace

Listener::Listener(const asio::any_io_executor& executor, const ListenerSettings& settings)
    : settings_(settings), acceptor_(executor), room_(executor) {}

Result<std::shared_ptr<Listener>> Listener::open(const asio::any_io_executor& executor,
                                                 const ListenerSettings& settings) {
  std::shared_ptr<Listener> listener(new Listener(executor, settings));
  if (Result<void> listening = listener->listen(); !listening) {
    return std::unexpected(listening.error());
  }
  return listener;
}

error_code Listener::listen_on(uint16_t port) {
  error_code error;
  error_code ignored;
  tcp::endpoint endpoint(tcp::v6(), port);
  if (settings_.loopback_only) {
    endpoint = tcp::endpoint(asio::ip::address_v4::loopback(), port);
  }
  acceptor_.open(endpoint.protocol(), error);
  if (error == asio::error::address_family_not_supported) {  // a machine without IPv6
    endpoint = tcp::endpoint(tcp::v4(), port);
    acceptor_.open(endpoint.protocol(), error);
  }
  if (!error) {
    ::fcntl(acceptor_.native_handle(), F_SETFD, FD_CLOEXEC);
    acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
  }
  if (!error && endpoint.protocol() == tcp::v6()) {
    acceptor_.set_option(asio::ip::v6_only(false), error);
  }
  if (!error) {
    acceptor_.bind(endpoint, error);
  }
  if (!error) {
    acceptor_.listen(asio::socket_base::max_listen_connections, error);
  }
  if (error) {
    acceptor_.close(ignored);
    return error;
  }
  port_ = acceptor_.local_endpoint(ignored).port();
  return error;
}

Result<void> Listener::listen() {
  const std::string_view name = name_of(settings_.protocol);
  if (settings_.port) {
    const error_code error = listen_on(*settings_.port);
    if (error == asio::error::address_in_use) {
      return fail("port {} is in use by another program: end that one, or give another port with --{}-port",
                  *settings_.port, name);
    }
    if (error) {
      return fail("cannot listen on port {} for {}: {}", *settings_.port, name, error.message());
    }
    return {};
  }
  for (uint16_t i = 0; i < ports_tried; ++i) {
    const error_code error = listen_on(settings_.first_port + i);
    if (!error) {
      return {};
    }
    if (error != asio::error::address_in_use) {
      return fail("cannot listen on port {} for {}: {}", settings_.first_port + i, name, error.message());
    }
  }
  return fail("no port from {} to {} is free for {}: give another with --{}-port", settings_.first_port,
              settings_.first_port + ports_tried - 1, name, name);
}

Listener::Stranger Listener::admit(const asio::ip::address& address) {
  const bool counts = !is_loopback(address);
  const std::string share = counts ? share_of(address) : std::string();
  if (counts && ++strangers_by_address_[share] > settings_.strangers_of_one_address) {
    --strangers_by_address_[share];
    return nullptr;
  }
  ++strangers_;
  return {static_cast<void*>(this), [self = shared_from_this(), share](void*) {
            if (!share.empty() && --self->strangers_by_address_[share] == 0) {
              self->strangers_by_address_.erase(share);
            }
            if (self->strangers_-- == self->settings_.strangers) {
              self->room_.cancel();
            }
          }};
}

asio::awaitable<void> Listener::accept_all() {
  const std::shared_ptr<Listener> self = shared_from_this();
  while (acceptor_.is_open()) {
    if (strangers_ >= settings_.strangers) {
      room_.expires_at(asio::steady_timer::time_point::max());
      co_await room_.async_wait(as_result);
      continue;
    }
    auto [error, socket] = co_await acceptor_.async_accept(as_result);
    if (error) {
      if (acceptor_.is_open() && error != asio::error::connection_aborted) {
        room_.expires_after(accept_pause);
        co_await room_.async_wait(as_result);
      }
      continue;
    }
    error_code gone;
    const tcp::endpoint peer = socket.remote_endpoint(gone);
    Stranger stranger = gone ? nullptr : admit(peer.address());
    if (!stranger) {
      continue;
    }
    std::shared_ptr<Link> link;
    if (settings_.protocol == Protocol::tcp) {
      link = std::make_shared<TcpLink>(std::move(socket));
    } else {
      link = std::make_shared<WebSocketLink>(std::move(socket));
    }
    accept_(std::move(link), std::move(stranger));
  }
}

void Listener::start(Accept accept) {
  accept_ = std::move(accept);
  asio::co_spawn(acceptor_.get_executor(), accept_all(), asio::detached);
}

void Listener::close() {
  error_code ignored;
  acceptor_.close(ignored);
  room_.cancel();
}

Awaitable<void> Listener::open(Link& link) {
  if (link.protocol() == Protocol::websocket) {
    co_return co_await static_cast<WebSocketLink&>(link).accept();
  }
  co_return Result<void>{};
}

}  // namespace kinode::transport
