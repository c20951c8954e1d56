#include "rpc_client.h"

#include <openssl/evp.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

namespace kinode::conformance {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

constexpr uint64_t longest_answer = uint64_t{1} << 30;

std::string bytes_of(const Json& numbers) {
  std::string bytes;
  for (const Json& number : numbers) {
    bytes += static_cast<char>(number.get<uint8_t>());
  }
  return bytes;
}

}  // namespace

std::string base64(const std::string& bytes) {
  std::string text((bytes.size() + 2) / 3 * 4, '\0');
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), reinterpret_cast<const unsigned char*>(bytes.data()),
                  static_cast<int>(bytes.size()));
  return text;
}

std::string from_base64(const std::string& text) {
  std::string bytes(text.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (size < 0) {
    throw Failure("this is no base64: " + text);
  }
  const size_t padding = text.size() - std::min(text.size(), text.find_last_not_of('=') + 1);
  bytes.resize(static_cast<size_t>(size) - padding);
  return bytes;
}

Json Reply::json() const {
  if (status != 200) {
    throw Failure("the node answered " + std::to_string(status) + ": " + body);
  }
  Json parsed = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (parsed.is_discarded()) {
    throw Failure("the response is no JSON: " + body);
  }
  return parsed;
}

Reply RpcClient::send(const RpcMessage& message) const {
  Json request = {{"process", message.process}, {"body", message.body}, {"inherit", false}};
  request["expects_response"] = message.expects ? Json(*message.expects) : Json();
  request["node"] = message.node ? Json(*message.node) : Json();
  request["metadata"] = message.metadata ? Json(*message.metadata) : Json();
  if (message.blob) {
    request["mime"] = message.blob->mime ? Json(*message.blob->mime) : Json();
    request["data"] = base64(message.blob->bytes);
  }
  const HttpReply answer = this->http({.body = request.dump(), .headers = {{"Content-Type", "application/json"}}});
  Reply reply{.status = answer.status, .body = answer.body, .blob = {}};
  if (answer.status != 200 || !message.expects) {
    return reply;
  }
  const Json parsed = Json::parse(answer.body);
  reply.body = bytes_of(parsed.at("body"));
  if (const Json& blob = parsed.at("lazy_load_blob"); !blob.is_null()) {
    const Json& mime = blob.at("mime");
    reply.blob = Blob{mime.is_null() ? std::nullopt : std::optional(mime.get<std::string>()),
                      from_base64(bytes_of(blob.at("bytes")))};
  }
  return reply;
}

HttpReply RpcClient::http(const HttpRequest& wanted) const {
  asio::io_context io;
  beast::tcp_stream stream(io);
  beast::error_code error;
  auto wait = [&](auto start) {
    stream.expires_after(patience_);
    start([&](beast::error_code result, size_t = 0) { error = result; });
    io.restart();
    io.run();
  };
  const asio::ip::tcp::endpoint node(asio::ip::make_address(wanted.address), port_);
  wait([&](auto done) { stream.async_connect(node, done); });
  if (error) {
    throw Failure("no node answers on port " + std::to_string(port_) + ": " + error.message());
  }
  http::request<http::string_body> request(http::string_to_verb(wanted.method), wanted.path, 11, wanted.body);
  request.set(http::field::host, "localhost:" + std::to_string(port_));
  for (const auto& [name, value] : wanted.headers) {
    request.set(name, value);
  }
  request.keep_alive(false);
  request.prepare_payload();
  // A node that refuses a long body answers before it has read it; then writing may fail.
  wait([&](auto done) { http::async_write(stream, request, done); });

  beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(longest_answer);
  wait([&](auto done) { http::async_read(stream, buffer, parser, done); });
  if (error) {
    throw Failure("the connection to port " + std::to_string(port_) + " ended without an answer: " + error.message());
  }
  const auto& answer = parser.get();
  return {answer.result_int(), std::string(answer[http::field::content_type]), answer.body()};
}

}  // namespace kinode::conformance
