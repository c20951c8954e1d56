// HttpConnection: one client's socket, for the life of that socket. It reads a request, has it
// answered, writes the answer, and begins again; a request sent ahead waits in its buffer or the
// kernel's.
//
// All of it runs as one coroutine on a strand of its own, which holds the only lasting reference to
// the connection; so it goes when the coroutine ends. Other threads reach it through weak references
// and only post to the strand.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

#include "modules/http_server/http_exchange.h"
#include "modules/http_server/http_shared.h"

namespace kinode::modules {

class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
 public:
  /// `shared` outlives the coroutine. The socket's executor is a strand of its own.
  HttpConnection(HttpShared& shared, boost::asio::ip::tcp::socket socket, HttpPeer peer);
  ~HttpConnection();
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  /// Once, at the start.
  static void start(std::shared_ptr<HttpConnection> connection);
  /// Any thread. Ends the coroutine soon.
  void close();

  [[nodiscard]] const HttpPeer& peer() const { return peer_; }

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  template <class Value>
  using Awaitable = boost::asio::awaitable<Value>;
  enum class Next : uint8_t { request, end };
  /// What the form of an answer depends on.
  struct Form {
    unsigned version = 11;
    bool headers_only = false;
    bool keep_alive = false;
  };

  static Awaitable<void> run(std::shared_ptr<HttpConnection> self);
  Awaitable<Next> serve_one();
  /// Where the request is to be a WebSocket: the socket is another's then. Else what is answered in its place, or none.
  std::optional<HttpAnswer> try_upgrade(Parser& parser);
  /// Between two requests: whether there is another.
  Awaitable<bool> wait_for_request();
  /// The request whose headers are in `parser`.
  Awaitable<Next> serve_admitted(Parser& parser, size_t body_limit, Form form);
  Awaitable<bool> send_continue();
  Awaitable<HttpAnswer> wait_for_answer(HttpRequest request);
  Awaitable<Next> write(HttpAnswer answer, Form form);
  /// Lets the client read the last answer before the socket goes.
  Awaitable<void> linger();

  /// While a request is being answered.
  void watch_for_end();
  void deliver(uint64_t exchange, HttpExchange::MakeAnswer make);

  HttpShared& shared_;
  boost::beast::tcp_stream stream_;
  const HttpPeer peer_;
  boost::beast::flat_buffer buffer_;
  bool closing_ = false;
  bool is_given_away_ = false;

  // The request being answered.
  uint64_t exchange_ = 0;
  bool client_gone_ = false;
  HttpExchange::MakeAnswer make_answer_;
  boost::asio::steady_timer answer_timer_;
};

}  // namespace kinode::modules
