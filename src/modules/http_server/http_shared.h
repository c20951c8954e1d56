// What a listener and its connections share. Inner part of the listener, not for others.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "modules/http_server/http_exchange.h"
#include "modules/http_server/http_settings.h"

namespace kinode::modules {

class HttpConnection;
class WebSocketConnection;

/// Room for the bodies of all connections together. Any thread.
class BodyRoom {
 public:
  explicit BodyRoom(size_t bytes) : free_(bytes) {}

  /// A part of the room, given back at its end.
  class Share {
   public:
    Share() = default;
    Share(BodyRoom* room, size_t bytes) : room_(room), bytes_(bytes) {}
    Share(Share&& other) noexcept : room_(std::exchange(other.room_, nullptr)), bytes_(other.bytes_) {}
    Share& operator=(Share&& other) noexcept {
      std::swap(room_, other.room_);
      std::swap(bytes_, other.bytes_);
      return *this;
    }
    ~Share() {
      if (room_ != nullptr) {
        room_->free_ += bytes_;
      }
    }
    explicit operator bool() const { return room_ != nullptr; }

   private:
    BodyRoom* room_ = nullptr;
    size_t bytes_ = 0;
  };

  /// Empty if there is no such room.
  Share take(size_t bytes) {
    size_t free = free_.load();
    while (free >= bytes) {
      if (free_.compare_exchange_weak(free, free - bytes)) {
        return {this, bytes};
      }
    }
    return {};
  }

 private:
  std::atomic<size_t> free_;
};

/// Lives as long as the listener and every exchange: so an exchange answered late finds an I/O context
/// to post to, though no thread runs it any more.
struct HttpShared : std::enable_shared_from_this<HttpShared> {
  explicit HttpShared(HttpSettings with);

  /// Adds a connection, or says that there is no room for one of this peer.
  bool add(const std::shared_ptr<HttpConnection>& connection);
  void remove(const HttpConnection& connection);
  /// False where the listener has stopped.
  bool add(const std::shared_ptr<WebSocketConnection>& connection);
  void remove(const WebSocketConnection& connection);
  [[nodiscard]] size_t count() const;
  /// Closes all connections; none is added any more.
  void close_all();

  const HttpSettings settings;
  boost::asio::io_context io;
  boost::asio::ip::tcp::acceptor acceptor;  // used on its strand
  BodyRoom body_room;
  /// For frames on their way to clients.
  BodyRoom frame_room;
  HttpSite* site = nullptr;  // set before the threads start

 private:
  mutable std::mutex mutex_;
  bool closed_ = false;
  std::unordered_map<const HttpConnection*, std::weak_ptr<HttpConnection>> connections_;
  std::unordered_map<const WebSocketConnection*, std::weak_ptr<WebSocketConnection>> websockets_;
};

}  // namespace kinode::modules
