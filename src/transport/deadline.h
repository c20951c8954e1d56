// Deadline: ends a link's connection if what is done with it takes too long.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>

#include "transport/link.h"

namespace kinode::transport {

class Deadline {
 public:
  Deadline(const std::shared_ptr<Link>& link, std::chrono::steady_clock::time_point at) : timer_(link->executor(), at) {
    timer_.async_wait([weak = std::weak_ptr(link)](const boost::system::error_code& cancelled) {
      if (std::shared_ptr<Link> late = weak.lock(); late && !cancelled) {
        late->close();
      }
    });
  }
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

 private:
  boost::asio::steady_timer timer_;  // its end cancels the wait
};

}  // namespace kinode::transport
