// Two connected links on this machine, for tests.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "transport/dial.h"
#include "transport/listener.h"

namespace kinode::transport::testing {

namespace asio = boost::asio;

class Links : public ::testing::TestWithParam<Protocol> {
 protected:
  /// Runs `body` to its end, and whatever else it started.
  template <class Body>
  void run(Body body) {
    asio::co_spawn(io_, std::move(body), [this](const std::exception_ptr& error) {
      io_.stop();
      if (error) {
        std::rethrow_exception(error);
      }
    });
    io_.run();
    io_.restart();
  }

  /// The side that dialled, and the other.
  asio::awaitable<std::pair<std::shared_ptr<Link>, std::shared_ptr<Link>>> connect(Protocol protocol) {
    auto listener = *Listener::open(io_.get_executor(), {protocol, true, std::nullopt, 21'000});
    std::shared_ptr<Link> accepted;
    bool is_open = false;
    asio::steady_timer opened(io_, asio::steady_timer::time_point::max());
    listener->start([&](std::shared_ptr<Link> link, const Listener::Stranger&) {
      accepted = link;
      asio::co_spawn(
          io_,
          [link, &is_open, &opened]() -> asio::awaitable<void> {
            is_open = (co_await Listener::open(*link)).has_value();
            opened.cancel();
          },
          asio::detached);
    });
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    Result<std::shared_ptr<Link>> dialled =
        co_await dial(io_.get_executor(), protocol, asio::ip::address_v4::loopback(), listener->port(), until);
    EXPECT_TRUE(dialled) << dialled.error().message;
    while (!is_open) {
      boost::system::error_code cancelled;
      co_await opened.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
    }
    listener->close();
    co_return std::pair(*dialled, accepted);
  }

  asio::io_context io_{1};
};

}  // namespace kinode::transport::testing
