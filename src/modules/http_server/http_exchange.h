// One HTTP request and its one answer: what the I/O side (listener, connections) and the sites that
// answer (http_server.h) have in common.
//
// A connection reads the headers, asks its HttpSite whether it wants the request (`admit`), reads the
// body, and gives the whole as an HttpExchange to `handle`. Whoever holds the exchange answers it,
// from any thread, at any later time. The connection reads its next request after that.
#pragma once

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.h"

namespace kinode::modules {

using HttpHead = boost::beast::http::request_header<>;
using HttpRequest = boost::beast::http::request<boost::beast::http::string_body>;
using HttpStatus = boost::beast::http::status;
using HttpPeer = boost::asio::ip::tcp::endpoint;

struct HttpAnswer {
  HttpStatus status = HttpStatus::ok;
  /// Empty: no such header.
  std::string content_type = {};
  Bytes body = {};
  /// Others. What frames the message (Content-Length, Connection ...) is the connection's.
  std::vector<std::pair<std::string, std::string>> headers = {};
};

/// An answer of one sentence for the person at the other end.
inline HttpAnswer text_answer(HttpStatus status, std::string_view sentence) {
  return {
      .status = status, .content_type = "text/plain; charset=utf-8", .body = Bytes::from(std::string(sentence) + "\n")};
}

/// The request target up to the query, without one trailing slash; not percent-decoded.
std::string_view path_of(const HttpHead& head);

class HttpExchange {
 public:
  using MakeAnswer = std::function<HttpAnswer()>;
  using Deliver = std::function<void(MakeAnswer)>;

  /// `deliver` is called once, from any thread.
  HttpExchange(HttpRequest request, HttpPeer peer, Deliver deliver);
  /// Answers 500 if nobody has answered.
  ~HttpExchange();
  HttpExchange(const HttpExchange&) = delete;
  HttpExchange& operator=(const HttpExchange&) = delete;

  /// Not to be changed but by who got it in `handle`, who may move its body away.
  HttpRequest request;
  const HttpPeer peer;

  /// Any thread. The first call counts, later ones do nothing; nor does any once the client is gone.
  void answer(HttpAnswer answer);
  /// The same, with the answer made on an I/O thread: for what takes long to write.
  void answer_with(MakeAnswer make);

 private:
  Deliver deliver_;
  std::atomic<bool> answered_ = false;
};

class WebSocketHandler;

/// What becomes of a request to be a WebSocket: it is one, it is refused, or it is a request as any other.
using Upgrade = std::variant<std::monostate, HttpAnswer, std::shared_ptr<WebSocketHandler>>;

/// What answers requests. Called on I/O threads, by several at once; must not block.
class HttpSite {
 public:
  virtual ~HttpSite() = default;

  virtual Upgrade upgrade(const HttpHead& /*head*/, const HttpPeer& /*peer*/) { return {}; }

  /// After the headers of a request: the longest body it may have, or the answer that refuses it.
  virtual std::expected<size_t, HttpAnswer> admit(const HttpHead& head, const HttpPeer& peer) = 0;
  virtual void handle(std::shared_ptr<HttpExchange> exchange) = 0;
};

}  // namespace kinode::modules
