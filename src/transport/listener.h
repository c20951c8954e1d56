// Listener: the port where other nodes connect by one protocol.
//
// What strangers can hold is bounded: so many connections whose name is not proved yet, in all and from one
// address, each for a bounded time and with little memory (defect B32). At the bound in all, new connections
// wait in the operating system's queue; those of an address that has its share are closed.
//
// Threads: all on the executor's one thread.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "transport/link.h"

namespace kinode::transport {

struct ListenerSettings {
  Protocol protocol = Protocol::tcp;
  /// Only this machine reaches it.
  bool loopback_only = false;
  /// None: the first free one from `first_port`, of the thousand that follow.
  std::optional<uint16_t> port;
  uint16_t first_port = 9'000;
  /// Connections that have not proved their name: in all, and from one address. Addresses of this machine
  /// count for the first only.
  size_t strangers = 1'024;
  size_t strangers_of_one_address = 64;
};

class Listener : public std::enable_shared_from_this<Listener> {
 public:
  /// Held by a connection until its name is proved or it ends.
  using Stranger = std::shared_ptr<void>;
  /// Called with each new link: a WebSocket is not open yet, see `open`.
  using Accept = std::function<void(std::shared_ptr<Link>, Stranger)>;

  /// Fails with what to do about it when the port cannot be had.
  static Result<std::shared_ptr<Listener>> open(const boost::asio::any_io_executor& executor,
                                                const ListenerSettings& settings);

  [[nodiscard]] uint16_t port() const { return port_; }
  void start(Accept accept);
  void close();

  /// Makes an accepted link ready for packets.
  static Awaitable<void> open(Link& link);

 private:
  Listener(const boost::asio::any_io_executor& executor, const ListenerSettings& settings);
  Result<void> listen();
  boost::system::error_code listen_on(uint16_t port);
  boost::asio::awaitable<void> accept_all();
  /// None: that address has its share.
  Stranger admit(const boost::asio::ip::address& address);

  const ListenerSettings settings_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer room_;  // cancelled when there is room for a stranger again
  uint16_t port_ = 0;
  size_t strangers_ = 0;
  std::unordered_map<std::string, size_t> strangers_by_address_;
  Accept accept_;
};

}  // namespace kinode::transport
