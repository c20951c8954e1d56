// Fetch: one Http action, from its turn to its answer.
//
// Redirects are followed as RFC 9110 and browsers do it: at most so many, never from https to http, with the process's
// Authorization and Cookie for the same origin alone. A kept connection that the server had closed meanwhile is
// replaced once, where the method allows to send again.
//
// On one I/O thread from start to end. `cancel` ends it soon, with an error.
#pragma once

#include <functional>
#include <memory>

#include "modules/http_client/exchange.h"
#include "modules/http_client/idle_connections.h"

namespace kinode::modules::http_client {

struct FetchReply {
  unsigned status = 0;
  Headers headers;
  Bytes body;
};

class Fetch : public std::enable_shared_from_this<Fetch> {
 public:
  using Done = std::function<void(Result<FetchReply>&)>;

  Fetch(std::shared_ptr<boost::asio::io_context> io, Shared& shared, IdleConnections& idle, Caller caller,
        HttpAction action, Bytes body, Connection::Deadline deadline);

  /// Once. `done` is called at its end, whatever that is.
  void start(Done done);
  void cancel();

 private:
  static Awaitable<void> run(std::shared_ptr<Fetch> self);
  Awaitable<Result<FetchReply>> follow();
  Awaitable<Result<HopReply>> hop();
  Awaitable<Result<void>> connect();
  /// Makes `request_` the next hop; false where `reply` is the answer.
  Result<bool> redirect(const HopReply& reply);
  [[nodiscard]] bool may_be_repeated() const;

  const std::shared_ptr<boost::asio::io_context> io_;
  Shared& shared_;
  IdleConnections& idle_;
  const Caller caller_;
  const Connection::Deadline deadline_;
  HopRequest request_;
  ByteRoom::Share share_;
  std::shared_ptr<Connection> connection_;
  bool cancelled_ = false;
  Done done_;
};

}  // namespace kinode::modules::http_client
