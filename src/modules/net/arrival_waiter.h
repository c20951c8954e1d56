// ArrivalWaiter: lets the network's thread wait for room in a mailbox. The kernel wakes it like any sender,
// on a worker; it passes that on.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>

#include "base/executor.h"

namespace kinode::modules::net {

class ArrivalWaiter final : public Task, public std::enable_shared_from_this<ArrivalWaiter> {
 public:
  explicit ArrivalWaiter(boost::asio::io_context& io) : io_(io), timer_(io) {}

  /// Any thread.
  Outcome run() override {
    boost::asio::post(io_, [self = shared_from_this()] { self->timer_.cancel(); });
    return Outcome::wait;
  }

  /// Until it is woken, or `until`. On the network's thread, before which nothing is missed.
  boost::asio::awaitable<void> wait(std::chrono::steady_clock::time_point until) {
    timer_.expires_at(until);
    co_await timer_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
  }

 private:
  boost::asio::io_context& io_;
  boost::asio::steady_timer timer_;
};

}  // namespace kinode::modules::net
