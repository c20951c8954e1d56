#include "modules/http_client/exchange.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/span_body.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <optional>
#include <utility>

namespace kinode::modules::http_client {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using beast::error_code;

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
/// Answers that only announce the answer: 103, say.
constexpr int most_interim = 16;

using Body = http::span_body<const uint8_t>;
using Parser = http::response_parser<http::string_body>;

bool has(const Headers& headers, std::string_view name) {
  for (const auto& [given, value] : headers) {
    if (beast::iequals(given, name)) {
      return true;
    }
  }
  return false;
}

http::request<Body> request_of(const HopRequest& hop) {
  http::request<Body> request;
  request.method_string(hop.method);
  request.target(hop.url.target());
  request.version(hop.version);
  if (!has(hop.headers, "host")) {
    request.set(http::field::host, hop.url.host_field());
  }
  for (const auto& [name, value] : hop.headers) {
    request.set(name, value);
  }
  if (!has(hop.headers, "accept")) {
    request.set(http::field::accept, "*/*");
  }
  if (hop.url.authorization() && !has(hop.headers, "authorization")) {
    request.set(http::field::authorization, *hop.url.authorization());
  }
  request.body() = {hop.body.data(), hop.body.size()};
  const bool has_body_by_nature = hop.method == "POST" || hop.method == "PUT" || hop.method == "PATCH";
  if (!hop.body.empty() || has_body_by_nature) {
    request.content_length(hop.body.size());
  }
  return request;
}

std::string text_of_http(const error_code& error, const Settings& settings) {
  if (error == http::error::partial_message) {
    return "the answer broke off";
  }
  if (error == http::error::end_of_stream) {
    return "the server closed the connection without an answer";
  }
  if (error == http::error::body_limit) {
    return fmt::format("the answer is larger than {} bytes", settings.answer_bytes);
  }
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    return fmt::format("the headers of the answer are larger than {} bytes", settings.header_bytes);
  }
  if (error.category() == http::make_error_code(http::error::end_of_stream).category()) {
    return "the answer is no HTTP: " + error.message();
  }
  return "no whole answer came: " + text_of(error);
}

Headers headers_of(const http::fields& fields) {
  Headers headers;
  for (const auto& field : fields) {
    headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
  }
  return headers;
}

/// An answer while it is read.
class Reading {
 public:
  Reading(Connection& connection, Shared& shared, ByteRoom::Share& share, bool without_body)
      : connection_(connection), shared_(shared), share_(share), without_body_(without_body) {
    begin();
  }

  /// Up to the end of the headers of the answer itself.
  Awaitable<error_code> read_head() {
    for (int i = 0; i < most_interim; ++i) {
      const auto [error, size] =
          co_await http::async_read_header(connection_.stream, connection_.buffer, *parser_, as_result);
      has_begun_ = has_begun_ || size > 0 || !error;
      if (error || parser_->get().result_int() >= 200) {
        co_return error;
      }
      if (parser_->get().result_int() == 101) {
        co_return http::error::bad_status;  // nobody asked for another protocol
      }
      begin();
    }
    co_return http::error::bad_status;
  }

  Awaitable<std::optional<std::string>> read_body() {
    const auto length = parser_->content_length();
    if (length && !parser_->is_done() && !share_.resize(*length)) {
      co_return no_room();
    }
    while (!parser_->is_done()) {
      const auto [error, size] =
          co_await http::async_read_some(connection_.stream, connection_.buffer, *parser_, as_result);
      if (error) {
        co_return text_of_http(error, shared_.settings);
      }
      if (!length && !share_.resize(parser_->get().body().size())) {
        co_return no_room();
      }
    }
    co_return std::nullopt;
  }

  /// Whether anything of an answer came.
  [[nodiscard]] bool has_begun() const { return has_begun_; }
  HopReply release() {
    const bool keeps_open = parser_->keep_alive() && connection_.buffer.size() == 0;
    http::response<http::string_body> response = parser_->release();
    return {response.result_int(), headers_of(response.base()), std::move(response.body()), keeps_open};
  }

 private:
  void begin() {
    parser_.emplace();
    parser_->header_limit(shared_.settings.header_bytes);
    parser_->body_limit(shared_.settings.answer_bytes);
    parser_->skip(without_body_);
  }
  static std::string no_room() {
    return "the node is busy with other large requests and has no room for the answer: try again later";
  }

  Connection& connection_;
  Shared& shared_;
  ByteRoom::Share& share_;
  const bool without_body_;
  bool has_begun_ = false;
  std::optional<Parser> parser_;
};

}  // namespace

const std::string* HopReply::header(std::string_view name) const {
  for (auto header = headers.rbegin(); header != headers.rend(); ++header) {
    if (beast::iequals(header->first, name)) {
      return &header->second;
    }
  }
  return nullptr;
}

Awaitable<std::expected<HopReply, ExchangeError>> exchange(Connection& connection, const HopRequest& request,
                                                           Shared& shared, ByteRoom::Share& share) {
  const auto message = request_of(request);
  // A server that refuses a long request says so before it has read it all: writing fails, but the answer is there.
  const auto [write_error, written] = co_await http::async_write(connection.stream, message, as_result);
  Reading reading(connection, shared, share, request.method == "HEAD");
  const error_code read_error = co_await reading.read_head();
  if (read_error) {
    const std::string text =
        write_error ? "the request was not sent: " + text_of(write_error) : text_of_http(read_error, shared.settings);
    const bool is_time_over = read_error == beast::error::timeout || write_error == beast::error::timeout;
    co_return std::unexpected(ExchangeError{text, !reading.has_begun() && !is_time_over});
  }
  std::optional<std::string> broken = co_await reading.read_body();
  if (broken) {
    co_return std::unexpected(ExchangeError{std::move(*broken)});
  }
  HopReply reply = reading.release();
  reply.keeps_open = reply.keeps_open && !write_error;
  co_return reply;
}

}  // namespace kinode::modules::http_client
