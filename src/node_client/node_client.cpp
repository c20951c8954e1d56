#include "node_client/node_client.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <chrono>
#include <utility>

namespace kinode {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

constexpr std::chrono::seconds connect_timeout{5};
/// More than any node takes, a fake one 600 s.
constexpr std::chrono::seconds answer_timeout{660};
constexpr std::chrono::seconds write_timeout{600};
constexpr size_t longest_answer = size_t{1} << 30;

/// A socket whose operations are waited for one by one, each for a time.
class Socket {
 public:
  /// `start` begins an operation of the stream with the handler it is given.
  template <class Start>
  beast::error_code wait(std::chrono::seconds timeout, Start start) {
    beast::error_code result;
    stream_.expires_after(timeout);
    start(stream_, [&result](beast::error_code error, size_t = 0) { result = error; });
    io_.restart();
    io_.run();
    return result;
  }

 private:
  asio::io_context io_;
  beast::tcp_stream stream_{io_};
};

using Request = http::request<http::string_body>;

/// `url` is for the person who reads the error.
Result<NodeReply> exchange(uint16_t port, const std::string& url, Request request) {
  Socket socket;
  const asio::ip::tcp::endpoint node(asio::ip::address_v4::loopback(), port);
  auto error = socket.wait(connect_timeout, [&](auto& stream, auto done) { stream.async_connect(node, done); });
  if (error) {
    return fail("no node answers at {} ({})", url, error.message());
  }
  request.set(http::field::host, fmt::format("localhost:{}", port));
  request.keep_alive(false);
  request.prepare_payload();
  // A node that refuses a long message says so before it has read it all: then writing fails, but the
  // answer is there.
  const auto write_error =
      socket.wait(write_timeout, [&](auto& stream, auto done) { http::async_write(stream, request, done); });

  beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(longest_answer);
  error = socket.wait(answer_timeout, [&](auto& stream, auto done) { http::async_read(stream, buffer, parser, done); });
  if (error == beast::error::timeout) {
    return fail("the node at {} did not answer in {} s", url, answer_timeout.count());
  }
  if (error) {
    return fail("the connection to {} ended without an answer ({})", url,
                write_error ? write_error.message() : error.message());
  }
  return NodeReply{parser.get().result_int(), std::move(parser.get().body())};
}

}  // namespace

NodeClient::NodeClient(uint16_t port) : port_(port), url_(fmt::format("http://localhost:{}", port)) {}

Result<NodeReply> NodeClient::get(const std::string& path) const {
  return exchange(port_, url_, Request(http::verb::get, path, 11));
}

Result<NodeReply> NodeClient::post_json(const std::string& path, const std::string& body) const {
  Request request(http::verb::post, path, 11, body);
  request.set(http::field::content_type, "application/json");
  return exchange(port_, url_, std::move(request));
}

}  // namespace kinode
