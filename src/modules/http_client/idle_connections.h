// IdleConnections: connections that an answer left open, for the next request of the same process to the same server.
//
// Not shared among processes: a connection may carry who it was that logged in by it. Belongs to one I/O thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>
#include <vector>

#include "modules/http_client/connection.h"

namespace kinode::modules::http_client {

class IdleConnections {
 public:
  IdleConnections(boost::asio::io_context& io, const Settings& settings) : settings_(settings), timer_(io) {}

  /// One that can be used again, or none.
  std::shared_ptr<Connection> take(const Caller& caller, const std::string& origin);
  /// The one kept for longest goes where there is no room.
  void put(Caller caller, std::string origin, std::shared_ptr<Connection> connection);
  void close_of(const std::string& owner);
  /// For good.
  void close_all();

  [[nodiscard]] size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    Caller caller;
    std::string origin;
    std::shared_ptr<Connection> connection;
    std::chrono::steady_clock::time_point until;
  };
  void sweep();

  const Settings& settings_;
  boost::asio::steady_timer timer_;
  /// The oldest first.
  std::vector<Entry> entries_;
  bool sweeping_ = false;
  bool closed_ = false;
};

}  // namespace kinode::modules::http_client
