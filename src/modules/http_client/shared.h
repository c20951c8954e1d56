// What all of the client's threads share. Inner part of the client.
#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>
#include <utility>

#include "base/result.h"
#include "kernel/process_context.h"
#include "modules/http_client/byte_room.h"
#include "modules/http_client/resolver.h"
#include "modules/http_client/settings.h"

namespace kinode::modules::http_client {

template <class T>
using Awaitable = boost::asio::awaitable<T>;

/// A place among so many, given back at its end. Any thread.
class Seat {
 public:
  /// None if all are taken.
  static std::unique_ptr<Seat> take(std::atomic<size_t>& taken, size_t most) {
    if (taken.fetch_add(1) >= most) {
      --taken;
      return nullptr;
    }
    return std::make_unique<Seat>(taken);
  }
  explicit Seat(std::atomic<size_t>& taken) : taken_(taken) {}
  ~Seat() { --taken_; }
  Seat(const Seat&) = delete;
  Seat& operator=(const Seat&) = delete;

 private:
  std::atomic<size_t>& taken_;
};

struct Shared {
  explicit Shared(Settings with)
      : settings(std::move(with)), tls(boost::asio::ssl::context::tls_client), room(settings.all_bytes) {}

  const Settings settings;
  boost::asio::ssl::context tls;
  ByteRoom room;
  Resolver resolver;
  std::atomic<size_t> running = 0;
  std::atomic<size_t> sockets = 0;
  /// Of the module; while the threads run.
  kernel::ProcessContext* context = nullptr;
};

}  // namespace kinode::modules::http_client
