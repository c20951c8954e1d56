// A WebSocket client for the tests of this room. Each step fails after a minute, so that no test hangs.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace kinode::modules {

class TestWebSocket {
 public:
  /// Connects and asks for the upgrade; `status` tells how that went.
  TestWebSocket(uint16_t port, const std::string& path, const std::string& host = "localhost",
                const std::vector<std::pair<std::string, std::string>>& headers = {})
      : stream_(io_) {
    stream_.set_option(
        boost::beast::websocket::stream_base::decorator([headers](boost::beast::websocket::request_type& request) {
          for (const auto& [name, value] : headers) {
            request.set(name, value);
          }
        }));
    stream_.control_callback([this](boost::beast::websocket::frame_type kind, boost::beast::string_view payload) {
      const char* name = kind == boost::beast::websocket::frame_type::ping   ? "ping"
                         : kind == boost::beast::websocket::frame_type::pong ? "pong"
                                                                             : "close";
      control_.push_back(std::string(name) + ":" + std::string(payload));
    });
    step([&](auto done) {
      boost::beast::get_lowest_layer(stream_).async_connect({boost::asio::ip::address_v4::loopback(), port},
                                                            std::move(done));
    });
    step([&](auto done) { stream_.async_handshake(response_, host, path, std::move(done)); });
  }

  /// Of the answer to the upgrade: 101 if this is a WebSocket now.
  [[nodiscard]] unsigned status() const { return response_.result_int(); }
  [[nodiscard]] bool failed() const { return error_.failed(); }

  void send(std::string_view text, bool binary = false) {
    stream_.binary(binary);
    step([&](auto done) {
      stream_.async_write(boost::asio::buffer(text), [done](auto error, size_t) mutable { done(error); });
    });
  }
  void ping(const std::string& payload) {
    step([&](auto done) { stream_.async_ping(boost::beast::websocket::ping_data(payload), done); });
  }
  void pong(const std::string& payload) {
    step([&](auto done) { stream_.async_pong(boost::beast::websocket::ping_data(payload), done); });
  }
  void close(const std::string& reason) {
    step([&](auto done) {
      stream_.async_close({boost::beast::websocket::close_code::normal, reason}, std::move(done));
    });
  }
  /// Ends the connection without a word.
  void vanish() { boost::beast::get_lowest_layer(stream_).close(); }

  /// The next message; empty where there is none any more.
  std::string read() {
    boost::beast::flat_buffer buffer;
    step([&](auto done) { stream_.async_read(buffer, [done](auto error, size_t) mutable { done(error); }); });
    return error_ ? "" : std::string(static_cast<const char*>(buffer.data().data()), buffer.size());
  }
  [[nodiscard]] bool got_text() const { return stream_.got_text(); }
  /// Pings, pongs and closes that came while something was read.
  [[nodiscard]] const std::vector<std::string>& control() const { return control_; }
  /// Waits for its end.
  bool closed() {
    read();
    return error_.failed();
  }

 private:
  template <class Start>
  void step(Start start) {
    boost::beast::get_lowest_layer(stream_).expires_after(std::chrono::seconds(60));
    start([this](boost::beast::error_code error) { error_ = error; });
    io_.restart();
    io_.run();
  }

  boost::asio::io_context io_;
  boost::beast::websocket::stream<boost::beast::tcp_stream> stream_;
  boost::beast::websocket::response_type response_;
  boost::beast::error_code error_;
  std::vector<std::string> control_;
};

}  // namespace kinode::modules
