// A TCP client for the tests of this room: says what it is told, byte for byte. Each step fails after
// a minute, so that no test hangs.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace kinode::modules {

class TestClient {
 public:
  using Response = boost::beast::http::response<boost::beast::http::string_body>;

  explicit TestClient(uint16_t port) : stream_(io_) {
    step([&](auto done) { stream_.async_connect({boost::asio::ip::address_v4::loopback(), port}, std::move(done)); });
    EXPECT_FALSE(error_.failed()) << error_.message();
  }

  void send(std::string_view text) {
    step([&](auto done) {
      boost::asio::async_write(stream_, boost::asio::buffer(text), [done](auto error, size_t) mutable { done(error); });
    });
  }

  /// The next answer; an empty one with status `unknown` if there is none.
  Response read(bool to_head_request = false) {
    boost::beast::http::response_parser<boost::beast::http::string_body> parser;
    parser.skip(to_head_request);
    parser.body_limit(boost::none);
    step([&](auto done) {
      boost::beast::http::async_read(stream_, buffer_, parser, [done](auto error, size_t) mutable { done(error); });
    });
    if (error_) {
      Response none;
      none.result(boost::beast::http::status::unknown);
      return none;
    }
    return parser.release();
  }
  Response ask(std::string_view request) {
    send(request);
    return read();
  }

  /// Exactly `size` bytes.
  std::string read_raw(size_t size) {
    std::string text(size, '\0');
    step([&](auto done) {
      boost::asio::async_read(stream_, boost::asio::buffer(text), [done](auto error, size_t) mutable { done(error); });
    });
    return error_ ? "" : text;
  }

  /// Waits until the other side closes. False if it says something instead, or nothing happens.
  bool closed() {
    char byte = 0;
    step([&](auto done) {
      stream_.async_read_some(boost::asio::buffer(&byte, 1), [done](auto error, size_t) mutable { done(error); });
    });
    return error_ == boost::asio::error::eof || error_ == boost::asio::error::connection_reset;
  }

  bool nothing_came() { return stream_.socket().available() == 0; }

  void close() { stream_.close(); }

 private:
  template <class Start>
  void step(Start start) {
    stream_.expires_after(std::chrono::seconds(60));
    start([this](boost::beast::error_code error) { error_ = error; });
    io_.restart();
    io_.run();
  }

  boost::asio::io_context io_;
  boost::beast::tcp_stream stream_;
  boost::beast::flat_buffer buffer_;
  boost::beast::error_code error_;
};

}  // namespace kinode::modules
