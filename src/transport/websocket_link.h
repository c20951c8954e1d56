// WebSocketLink: packets as binary messages of a WebSocket.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <string>
#include <vector>

#include "transport/link.h"

namespace kinode::transport {

class WebSocketLink final : public Link {
 public:
  explicit WebSocketLink(boost::asio::ip::tcp::socket socket);

  /// Opens the WebSocket on a connected socket, as the side that dialled. `host` is for the Host header.
  Awaitable<void> connect(std::string host);
  /// The same as the side that was dialled.
  Awaitable<void> accept();

  [[nodiscard]] Protocol protocol() const override { return Protocol::websocket; }
  [[nodiscard]] const boost::asio::ip::tcp::endpoint& remote() const override { return remote_; }
  [[nodiscard]] boost::asio::any_io_executor executor() override { return stream_.get_executor(); }
  void limit_packets(size_t bytes) override { stream_.read_message_max(bytes); }
  Awaitable<std::span<const uint8_t>> read_packet() override;
  Awaitable<uint32_t> read_length() override;
  std::span<uint8_t> add_packet(size_t size) override;
  void add_length(uint32_t length) override;
  [[nodiscard]] size_t unsent() const override { return output_.size(); }
  Awaitable<void> flush() override;
  bool flush_now() override { return false; }
  Awaitable<void> ping() override;
  void close() override;
  boost::asio::awaitable<void> relay_to(Link& other, const std::function<void(size_t)>& moved) override;

 private:
  boost::beast::websocket::stream<boost::asio::ip::tcp::socket, false> stream_;
  boost::asio::ip::tcp::endpoint remote_;
  boost::beast::flat_buffer input_;
  std::vector<uint8_t> output_;
  std::vector<size_t> output_packets_;  // their sizes
  std::vector<uint8_t> sending_;
  std::vector<size_t> sending_packets_;
};

}  // namespace kinode::transport
