#include "transport/dial.h"

#include <fmt/format.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "transport/deadline.h"
#include "transport/tcp_link.h"
#include "transport/websocket_link.h"

namespace kinode::transport {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

/// As it stands in a URL.
std::string text_of(const tcp::endpoint& endpoint) {
  return endpoint.address().is_v6() ? fmt::format("[{}]:{}", endpoint.address().to_string(), endpoint.port())
                                    : fmt::format("{}:{}", endpoint.address().to_string(), endpoint.port());
}

Awaitable<tcp::socket> connect(asio::any_io_executor executor, tcp::endpoint endpoint,
                               std::chrono::steady_clock::time_point until) {
  // Shared with the timer, which may fire late.
  auto socket = std::make_shared<tcp::socket>(executor);
  asio::steady_timer timer(executor, until);
  timer.async_wait([socket](const boost::system::error_code& cancelled) {
    if (!cancelled) {
      boost::system::error_code ignored;
      socket->close(ignored);
    }
  });
  auto [error] = co_await socket->async_connect(endpoint, as_result);
  timer.cancel();
  if (error == asio::error::operation_aborted) {
    co_return fail("{} did not answer in time", text_of(endpoint));
  }
  if (error) {
    co_return fail("{}: {}", text_of(endpoint), error.message());
  }
  co_return std::move(*socket);
}

}  // namespace

Awaitable<std::shared_ptr<Link>> dial(asio::any_io_executor executor, Protocol protocol, asio::ip::address ip,
                                      uint16_t port, std::chrono::steady_clock::time_point until) {
  const tcp::endpoint endpoint(ip, port);
  Result<tcp::socket> socket = co_await connect(executor, endpoint, until);
  if (!socket) {
    co_return std::unexpected(socket.error());
  }
  if (protocol == Protocol::tcp) {
    co_return std::make_shared<TcpLink>(std::move(*socket));
  }
  auto link = std::make_shared<WebSocketLink>(std::move(*socket));
  const Deadline deadline(link, until);
  if (Result<void> opened = co_await link->connect(text_of(endpoint)); !opened) {
    co_return std::unexpected(opened.error().at(text_of(endpoint)));
  }
  co_return link;
}

}  // namespace kinode::transport
