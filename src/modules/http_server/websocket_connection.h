// WebSocketConnection: a client's socket from its upgrade to its end (RFC 6455).
//
// Three things go on, all on the socket's strand: one coroutine reads; one writes while there is something to write;
// and what came is given to the handler, one thing after another. Nothing more is read until the handler has taken what
// came, so a process that is slow slows its client down, and nobody else. A client that is slow to read fills its
// places, and is cut off. One that vanished is found out by TCP's keep-alive.
#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "modules/http_server/http_exchange.h"
#include "modules/http_server/http_shared.h"
#include "modules/http_server/websocket_handler.h"

namespace kinode::modules {

class WebSocketConnection final : public WebSocket, public std::enable_shared_from_this<WebSocketConnection> {
 public:
  /// Answers `request`, which asks for the upgrade. `shared` outlives the coroutines; the socket's executor is a strand
  /// of its own.
  static void start(HttpShared& shared, boost::asio::ip::tcp::socket socket, HttpRequest request,
                    std::shared_ptr<WebSocketHandler> handler);
  ~WebSocketConnection() override;

  std::shared_ptr<Place> take_place(size_t bytes) override;
  void send(WebSocketFrame frame, std::shared_ptr<Place> place) override;
  void close(std::string reason) override;
  /// Any thread. Ends it at once; the handler is told when it has taken what came before.
  void abort();
  /// Any thread. The same without waiting for the handler: the node stops.
  void stop();

 private:
  class OnePlace;
  struct Outgoing {
    WebSocketFrame frame;
    std::shared_ptr<Place> place;
  };
  template <class Value>
  using Awaitable = boost::asio::awaitable<Value>;

  WebSocketConnection(HttpShared& shared, boost::asio::ip::tcp::socket socket,
                      std::shared_ptr<WebSocketHandler> handler);
  static Awaitable<void> run(std::shared_ptr<WebSocketConnection> self, HttpRequest request);
  Awaitable<void> read();
  static Awaitable<void> write(std::shared_ptr<WebSocketConnection> self);
  Awaitable<bool> write_one(WebSocketFrame frame);
  void push(Outgoing outgoing);

  /// Gives it to the handler when that has taken what was before it.
  void give(WebSocketFrame frame);
  void give_next();
  [[nodiscard]] WebSocketHandler::Next when_taken();
  Awaitable<void> until_all_is_taken();

  /// Whether there is room for what has come of a message so far.
  bool has_room();
  WebSocketFrame take_message();
  void end_now();

  HttpShared& shared_;
  boost::beast::websocket::stream<boost::beast::tcp_stream, false> stream_;
  std::shared_ptr<WebSocketHandler> handler_;

  boost::beast::flat_buffer message_;
  std::vector<BodyRoom::Share> message_room_;
  size_t message_room_bytes_ = 0;

  std::deque<WebSocketFrame> came_;
  bool handler_is_busy_ = false;

  std::deque<Outgoing> outgoing_;
  bool is_writing_ = false;
  bool is_open_ = false;
  bool is_closing_ = false;
  bool close_came_ = false;
  /// Never expires; cancelled when one of these changes that somebody waits for.
  boost::asio::steady_timer changed_;
  boost::asio::steady_timer write_deadline_;
  std::shared_ptr<std::atomic<size_t>> places_taken_ = std::make_shared<std::atomic<size_t>>(0);
};

}  // namespace kinode::modules
