#include "modules/http_server/http_connection.h"

#include <sys/socket.h>

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/http/span_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <cerrno>
#include <exception>
#include <string>
#include <utility>

#include "modules/http_server/front.h"
#include "modules/http_server/websocket_connection.h"

namespace kinode::modules {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

/// What the parser reads ahead of a request.
constexpr size_t read_ahead = size_t{128} << 10;

bool is_http_error(const beast::error_code& error) {
  return error.category() == http::make_error_code(http::error::end_of_stream).category();
}

/// The answer to what the parser refused.
HttpAnswer answer_to_error(const beast::error_code& error) {
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    return text_answer(HttpStatus::request_header_fields_too_large, "the request line and headers are too long");
  }
  if (error == http::error::body_limit) {
    return text_answer(HttpStatus::payload_too_large, "the request's body is too long");
  }
  return text_answer(HttpStatus::bad_request, "this is not an HTTP/1.1 request: " + error.message());
}

/// What HTTP asks of headers beyond the parser.
std::expected<void, HttpAnswer> check_head(const HttpHead& head, bool chunked) {
  const auto refuse = [](HttpStatus status, std::string_view why) { return std::unexpected(text_answer(status, why)); };
  if (head.target().empty() || head.target().front() != '/') {
    return refuse(HttpStatus::bad_request, "the request target must be a path that starts with '/'");
  }
  const size_t hosts = head.count(http::field::host);
  if (hosts > 1 || (hosts == 0 && head.version() >= 11)) {
    return refuse(HttpStatus::bad_request, "a request must have one Host header");
  }
  if (hosts == 1 && !parse_authority(head[http::field::host])) {
    return refuse(HttpStatus::bad_request, "the Host header must be a name or an address, and perhaps a port");
  }
  if (head.count(http::field::transfer_encoding) > 0 && (!chunked || head.version() < 11)) {
    return refuse(HttpStatus::not_implemented, "the only transfer encoding known here is chunked");
  }
  const auto expect = head[http::field::expect];
  if (!expect.empty() && !beast::iequals(expect, "100-continue")) {
    return refuse(HttpStatus::expectation_failed, "the only expectation known here is 100-continue");
  }
  return {};
}

}  // namespace

HttpConnection::HttpConnection(HttpShared& shared, asio::ip::tcp::socket socket, HttpPeer peer)
    : shared_(shared),
      stream_(std::move(socket)),
      peer_(std::move(peer)),
      buffer_(shared.settings.header_bytes + read_ahead),
      answer_timer_(stream_.get_executor()) {}

HttpConnection::~HttpConnection() { shared_.remove(*this); }

void HttpConnection::start(std::shared_ptr<HttpConnection> connection) {
  auto executor = connection->stream_.get_executor();
  asio::co_spawn(executor, run(std::move(connection)), asio::detached);
}

void HttpConnection::close() {
  asio::post(stream_.get_executor(), [weak = weak_from_this()] {
    if (const auto self = weak.lock()) {
      self->closing_ = true;
      self->stream_.close();
      self->answer_timer_.cancel();
    }
  });
}

HttpConnection::Awaitable<void> HttpConnection::run(std::shared_ptr<HttpConnection> self) {
  try {
    Next next = co_await self->serve_one();
    while (next == Next::request && !self->closing_) {
      const bool more = co_await self->wait_for_request();
      next = Next::end;
      if (more) {
        next = co_await self->serve_one();
      }
    }
  } catch (const std::exception&) {
    // No memory for this client: its connection ends, the others go on.
  }
  if (!self->is_given_away_) {
    self->stream_.close();
  }
}

HttpConnection::Awaitable<bool> HttpConnection::wait_for_request() {
  if (buffer_.size() > 0) {
    co_return true;
  }
  stream_.expires_after(shared_.settings.idle_timeout);
  auto [error, size] = co_await stream_.async_read_some(buffer_.prepare(shared_.settings.header_bytes), as_result);
  buffer_.commit(size);
  co_return !error;
}

HttpConnection::Awaitable<HttpConnection::Next> HttpConnection::serve_one() {
  Parser parser;
  parser.header_limit(shared_.settings.header_bytes);
  parser.body_limit(boost::none);
  stream_.expires_after(shared_.settings.header_timeout);
  auto [error, size] = co_await http::async_read_header(stream_, buffer_, parser, as_result);
  if (error == http::error::end_of_stream || error == http::error::partial_message ||
      (error && !is_http_error(error))) {
    co_return Next::end;
  }
  const HttpHead& head = parser.get().base();
  Form form;
  if (error) {
    co_return co_await write(answer_to_error(error), form);
  }
  form.version = head.version() < 11 ? 10 : 11;
  form.headers_only = head.method() == http::verb::head;
  // A request that is refused before its body was read leaves the connection out of step.
  form.keep_alive = parser.is_done() && parser.get().keep_alive();
  if (auto checked = check_head(head, parser.chunked()); !checked) {
    form.keep_alive = false;
    co_return co_await write(std::move(checked.error()), form);
  }
  if (beast::websocket::is_upgrade(parser.get())) {
    if (auto answer = try_upgrade(parser)) {
      form.keep_alive = false;
      co_return co_await write(std::move(*answer), form);
    }
    if (is_given_away_) {
      co_return Next::end;
    }
  }
  auto admitted = shared_.site->admit(head, peer_);
  if (!admitted) {
    co_return co_await write(std::move(admitted.error()), form);
  }
  co_return co_await serve_admitted(parser, *admitted, form);
}

std::optional<HttpAnswer> HttpConnection::try_upgrade(Parser& parser) {
  Upgrade upgrade = shared_.site->upgrade(parser.get().base(), peer_);
  if (auto* const refusal = std::get_if<HttpAnswer>(&upgrade)) {
    return std::move(*refusal);
  }
  auto* const handler = std::get_if<std::shared_ptr<WebSocketHandler>>(&upgrade);
  if (handler == nullptr) {
    return std::nullopt;
  }
  if (!parser.is_done() || buffer_.size() > 0) {
    return text_answer(HttpStatus::bad_request, "a WebSocket's client waits for the answer before it sends more");
  }
  stream_.expires_never();
  is_given_away_ = true;
  WebSocketConnection::start(shared_, stream_.release_socket(), parser.release(), std::move(*handler));
  return std::nullopt;
}

HttpConnection::Awaitable<HttpConnection::Next> HttpConnection::serve_admitted(Parser& parser, size_t body_limit,
                                                                               Form form) {
  BodyRoom::Share room;
  if (!parser.is_done()) {
    const auto length = parser.content_length();
    if (length && *length > body_limit) {
      co_return co_await write(answer_to_error(http::error::body_limit), form);
    }
    const size_t bytes = length ? static_cast<size_t>(*length) : body_limit;
    parser.body_limit(body_limit);
    room = shared_.body_room.take(bytes);
    if (!room) {
      co_return co_await write(
          text_answer(HttpStatus::service_unavailable, "the node is busy with other large requests: try again later"),
          form);
    }
    if (parser.get().count(http::field::expect) > 0 && buffer_.size() == 0) {
      const bool sent = co_await send_continue();
      if (!sent) {
        co_return Next::end;
      }
    }
    stream_.expires_after(shared_.settings.time_for(bytes));
    auto [error, size] = co_await http::async_read(stream_, buffer_, parser, as_result);
    if (error == http::error::partial_message || (error && !is_http_error(error))) {
      co_return Next::end;
    }
    if (error) {
      co_return co_await write(answer_to_error(error), form);
    }
    form.keep_alive = parser.get().keep_alive();
  }
  HttpAnswer answer = co_await wait_for_answer(parser.release());
  room = {};
  if (client_gone_ || closing_) {
    co_return Next::end;
  }
  co_return co_await write(std::move(answer), form);
}

HttpConnection::Awaitable<bool> HttpConnection::send_continue() {
  static constexpr std::string_view text = "HTTP/1.1 100 Continue\r\n\r\n";
  stream_.expires_after(shared_.settings.body_timeout);
  auto [error, size] = co_await asio::async_write(stream_, asio::buffer(text), as_result);
  co_return !error;
}

HttpConnection::Awaitable<HttpAnswer> HttpConnection::wait_for_answer(HttpRequest request) {
  const uint64_t number = ++exchange_;
  client_gone_ = false;
  make_answer_ = nullptr;
  {
    // `shared` keeps the I/O context for whoever answers after the listener's end.
    auto exchange = std::make_shared<HttpExchange>(
        std::move(request), peer_,
        [shared = shared_.shared_from_this(), weak = weak_from_this(), number](HttpExchange::MakeAnswer make) {
          if (const auto self = weak.lock()) {
            asio::post(self->stream_.get_executor(), [weak, number, make = std::move(make)]() mutable {
              if (const auto self = weak.lock()) {
                self->deliver(number, std::move(make));
              }
            });
          }
        });
    shared_.site->handle(std::move(exchange));
  }
  watch_for_end();
  answer_timer_.expires_after(shared_.settings.answer_timeout);
  bool too_late = false;
  while (!make_answer_ && !client_gone_ && !closing_ && !too_late) {
    auto [error] = co_await answer_timer_.async_wait(as_result);
    too_late = !error;
  }
  ++exchange_;  // what is delivered from here on is for nobody
  beast::error_code ignored;
  stream_.socket().cancel(ignored);
  HttpAnswer answer = text_answer(HttpStatus::internal_server_error, "the node did not answer in time");
  if (const auto make = std::exchange(make_answer_, nullptr)) {
    try {
      answer = make();
    } catch (const std::exception&) {
      answer = text_answer(HttpStatus::internal_server_error, "the node has no memory for this answer");
    }
  }
  co_return answer;
}

void HttpConnection::watch_for_end() {
  const auto look = [weak = weak_from_this(), number = exchange_](const beast::error_code& error) {
    const auto self = weak.lock();
    if (!self || error || number != self->exchange_) {
      return;
    }
    // Bytes here are the next request, sent ahead; from then on an end goes unseen until the answer.
    char byte = 0;
    const ssize_t size = ::recv(self->stream_.socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (size == 0 || (size < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) {
      self->client_gone_ = true;
      self->answer_timer_.cancel();
    }
  };
  stream_.socket().async_wait(asio::ip::tcp::socket::wait_read, look);
}

void HttpConnection::deliver(uint64_t exchange, HttpExchange::MakeAnswer make) {
  if (exchange == exchange_) {
    make_answer_ = std::move(make);
    answer_timer_.cancel();
  }
}

HttpConnection::Awaitable<HttpConnection::Next> HttpConnection::write(HttpAnswer answer, Form form) {
  // RFC 9110, 6.4.1: these have no body, whatever the site says.
  if (answer.status == HttpStatus::no_content || answer.status == HttpStatus::not_modified) {
    answer.body = {};
  }
  const size_t size = answer.body.size();
  stream_.expires_after(shared_.settings.time_for(size));
  http::response_header<> head;
  head.version(form.version);
  head.result(answer.status);
  if (!answer.content_type.empty()) {
    head.set(http::field::content_type, answer.content_type);
  }
  for (const auto& [name, value] : answer.headers) {
    head.insert(name, value);
  }
  const auto prepare = [&](auto& response) {
    if (answer.status != HttpStatus::no_content && answer.status != HttpStatus::not_modified) {
      response.content_length(size);
    }
    response.keep_alive(form.keep_alive);
  };
  bool failed = false;
  if (form.headers_only) {
    http::response<http::empty_body> response(std::move(head));
    prepare(response);
    http::response_serializer<http::empty_body> serializer(response);
    auto [error, written] = co_await http::async_write_header(stream_, serializer, as_result);
    failed = error.failed();
  } else {
    http::response<http::span_body<const uint8_t>> response(std::move(head));
    response.body() = {answer.body.data(), size};
    prepare(response);
    auto [error, written] = co_await http::async_write(stream_, response, as_result);
    failed = error.failed();
  }
  if (failed || closing_) {
    co_return Next::end;
  }
  if (form.keep_alive) {
    co_return Next::request;
  }
  co_await linger();
  co_return Next::end;
}

HttpConnection::Awaitable<void> HttpConnection::linger() {
  beast::error_code ignored;
  stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  stream_.expires_after(shared_.settings.linger_timeout);
  std::array<char, 4096> rest;
  for (bool ended = false; !ended;) {
    auto [error, size] = co_await stream_.async_read_some(asio::buffer(rest), as_result);
    ended = error.failed();
  }
}

}  // namespace kinode::modules
