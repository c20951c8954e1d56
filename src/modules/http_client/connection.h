// Connection: the way to one server, from the lookup of its name to its first byte.
//
// Its life is on one I/O thread; `close` ends whatever it waits for.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <chrono>
#include <memory>
#include <string>

#include "modules/http_client/shared.h"
#include "modules/http_client/stream.h"
#include "modules/http_client/url.h"

namespace kinode::modules::http_client {

/// On whose behalf, and what that one may reach.
struct Caller {
  /// Text of the process.
  std::string owner;
  /// Holds the capability for this machine.
  bool may_reach_local = false;

  friend bool operator==(const Caller&, const Caller&) = default;
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  Connection(std::shared_ptr<boost::asio::io_context> io, Shared& shared);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Resolves, connects and, where the URL says so, makes TLS sure of whom it speaks to. Only to addresses that the
  /// caller may reach: what is looked up is what is connected to.
  Awaitable<Result<void>> open(Url url, Caller caller, Deadline deadline);
  /// Ends whatever waits on it. Again: no effect.
  void close();
  /// Whether the server has neither closed it nor said anything, so that it is good for another request.
  [[nodiscard]] bool is_quiet();

  Stream stream;
  /// What was read ahead.
  boost::beast::flat_buffer buffer;

 private:
  Awaitable<Result<Addresses>> look_up(const std::string& host, const Caller& caller, Deadline deadline);
  [[nodiscard]] Result<Addresses> allowed(Addresses addresses, const Url& url, const Caller& caller) const;
  Awaitable<Result<void>> connect(const Addresses& addresses, const Url& url, Deadline deadline);
  Awaitable<Result<void>> shake_hands(const Url& url, Deadline deadline);

  const std::shared_ptr<boost::asio::io_context> io_;
  Shared& shared_;
  boost::asio::steady_timer lookup_timer_;
  std::optional<Result<Addresses>> looked_up_;
  bool closed_ = false;
};

/// For people: what went wrong with a connection.
std::string text_of(const boost::beast::error_code& error);

}  // namespace kinode::modules::http_client
