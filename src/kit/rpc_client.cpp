#include "kit/rpc_client.h"

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

namespace kinode::kit {
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

std::string without_line_end(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) {
    text.pop_back();
  }
  return text;
}

/// ": text", or nothing for none.
std::string after_colon(const std::string& text) {
  const std::string line = without_line_end(text);
  return line.empty() ? "" : ": " + line;
}

}  // namespace

RpcClient::RpcClient(uint16_t port) : port_(port), url_(fmt::format("http://localhost:{}", port)) {}

Result<rpc::RpcReply> RpcClient::send(const rpc::RpcRequest& request) const {
  auto body = rpc::write_request(request);
  if (!body) {
    return std::unexpected(body.error());
  }
  auto reply = post(*body);
  if (!reply) {
    return std::unexpected(reply.error());
  }
  const std::string& target = request.process.text();
  switch (reply->status) {
    case 200:
      break;
    case 400:
      return fail("the node at {} does not understand the message{}", url_, after_colon(reply->body));
    case 403:
      return fail("the node at {} does not let this program in{}", url_, after_colon(reply->body));
    case 404:
      return fail("what answers at {} is not a node, or one without {}; give the node's port with --port", url_,
                  rpc::path);
    case 408:
      return fail("{} did not answer{}", target, after_colon(reply->body));
    case 413:
      return fail("the message is too long for the node at {}{}", url_, after_colon(reply->body));
    default:
      return fail("the node at {} answered with HTTP status {}{}", url_, reply->status, after_colon(reply->body));
  }
  if (!request.expects_response) {
    return rpc::RpcReply{};
  }
  auto parsed = rpc::parse_reply(reply->body);
  if (!parsed) {
    return fail("what answers at {} does not answer like a node ({}); give the node's port with --port", url_,
                parsed.error().message);
  }
  return parsed;
}

Result<RpcClient::HttpReply> RpcClient::post(const std::string& body) const {
  Socket socket;
  const asio::ip::tcp::endpoint node(asio::ip::address_v4::loopback(), port_);
  auto error = socket.wait(connect_timeout, [&](auto& stream, auto done) { stream.async_connect(node, done); });
  if (error) {
    return fail(
        "no node answers at {} ({}). Is it running? Start one with `kit boot-fake-node`, or give the port of "
        "one that runs with --port",
        url_, error.message());
  }

  http::request<http::string_body> request(http::verb::post, std::string(rpc::path), 11, body);
  request.set(http::field::host, fmt::format("localhost:{}", port_));
  request.set(http::field::content_type, "application/json");
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
    return fail("the node at {} did not answer in {} s", url_, answer_timeout.count());
  }
  if (error) {
    return fail("the connection to {} ended without an answer ({}): is that a node, and does it still run?", url_,
                write_error ? write_error.message() : error.message());
  }
  return HttpReply{parser.get().result_int(), std::move(parser.get().body())};
}

}  // namespace kinode::kit
