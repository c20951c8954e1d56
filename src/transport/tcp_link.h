// TcpLink: packets over plain TCP.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <vector>

#include "transport/link.h"

namespace kinode::transport {

class TcpLink final : public Link {
 public:
  explicit TcpLink(boost::asio::ip::tcp::socket socket);

  [[nodiscard]] Protocol protocol() const override { return Protocol::tcp; }
  [[nodiscard]] const boost::asio::ip::tcp::endpoint& remote() const override { return remote_; }
  [[nodiscard]] boost::asio::any_io_executor executor() override { return socket_.get_executor(); }
  void limit_packets(size_t bytes) override { packet_limit_ = bytes; }
  Awaitable<std::span<const uint8_t>> read_packet() override;
  Awaitable<uint32_t> read_length() override;
  std::span<uint8_t> add_packet(size_t size) override;
  void add_length(uint32_t length) override;
  [[nodiscard]] size_t unsent() const override { return output_.size(); }
  Awaitable<void> flush() override;
  bool flush_now() override;
  Awaitable<void> ping() override;
  void close() override;
  boost::asio::awaitable<void> relay_to(Link& other, const std::function<void(size_t)>& moved) override;

 private:
  [[nodiscard]] size_t buffered() const { return end_ - begin_; }
  /// Reads until `size` bytes are buffered.
  Awaitable<void> fill(size_t size);
  /// Gives the input room for `size` bytes; more as reads fill it, less when they leave it empty.
  void fit_input(size_t size);
  void note_read(size_t count);
  std::span<uint8_t> grow(size_t size);

  boost::asio::ip::tcp::socket socket_;
  boost::asio::ip::tcp::endpoint remote_;
  size_t packet_limit_ = stranger_packet_limit;
  std::vector<uint8_t> input_;  // what was read and not taken is from begin_ to end_
  uint32_t small_reads_ = 0;    // one after the other, that left most of it empty
  size_t begin_ = 0;
  size_t end_ = 0;
  std::vector<uint8_t> output_;
  std::vector<uint8_t> sending_;
};

}  // namespace kinode::transport
