// Resolver: the addresses of a host, asked of the system on threads of its own.
//
// The system's lookup blocks, for as long as a name server is silent. So one process has a few of the threads at most,
// and whoever has waited long enough gives up; its thread comes back when the system does. A stop waits for no lookup:
// the threads are left to end by themselves, and touch nothing but what they share.
//
// Threads: `resolve` and `stop` are for any.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

namespace kinode::modules::http_client {

using Addresses = std::vector<boost::asio::ip::address>;

class Resolver {
 public:
  using Done = std::function<void(Result<Addresses>)>;
  static constexpr size_t max_threads = 16;
  static constexpr size_t threads_of_one = 4;

  Resolver();
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  /// Calls `done` on one of its threads, unless `wanted` is gone by then. `owner` is who asks.
  void resolve(const std::string& owner, const std::string& host, const std::weak_ptr<void>& wanted, Done done);
  /// Nothing is called any more when it returns, but what runs in `done`.
  void stop();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace kinode::modules::http_client
