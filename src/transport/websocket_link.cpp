#include "transport/websocket_link.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>

#include "transport/socket_options.h"

namespace kinode::transport {

namespace asio = boost::asio;
namespace beast = boost::beast;

namespace {

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
constexpr uint32_t header_limit = 8'192;
/// A full chunk with its header: one write each, though what a dialling side sends must be masked first.
constexpr size_t write_buffer = size_t{80} << 10;

std::unexpected<Error> ended(const boost::system::error_code& error) {
  return fail("the connection ended: {}", error.message());
}

}  // namespace

WebSocketLink::WebSocketLink(asio::ip::tcp::socket socket) : stream_(std::move(socket)) {
  boost::system::error_code ignored;
  remote_ = stream_.next_layer().remote_endpoint(ignored);
  set_options(stream_.next_layer());
  stream_.binary(true);
  stream_.auto_fragment(false);
  stream_.write_buffer_bytes(write_buffer);
  stream_.read_message_max(stranger_packet_limit);
}

Awaitable<void> WebSocketLink::connect(std::string host) {
  auto [error] = co_await stream_.async_handshake(host, "/", as_result);
  if (error) {
    co_return fail("the WebSocket was not opened: {}", error.message());
  }
  co_return Result<void>{};
}

Awaitable<void> WebSocketLink::accept() {
  beast::http::request_parser<beast::http::string_body> parser;
  parser.header_limit(header_limit);
  parser.body_limit(0);
  auto [error, size] = co_await beast::http::async_read(stream_.next_layer(), input_, parser, as_result);
  if (error) {
    co_return ended(error);
  }
  if (!beast::websocket::is_upgrade(parser.get())) {
    co_return fail("it asked for something else than a WebSocket");
  }
  auto [refused] = co_await stream_.async_accept(parser.get(), as_result);
  if (refused) {
    co_return ended(refused);
  }
  co_return Result<void>{};
}

Awaitable<std::span<const uint8_t>> WebSocketLink::read_packet() {
  input_.consume(input_.size());
  auto [error, size] = co_await stream_.async_read(input_, as_result);
  if (error) {
    co_return ended(error);
  }
  if (!stream_.got_binary()) {
    co_return fail("a text message came where packets are binary");
  }
  const auto data = input_.cdata();
  co_return std::span(static_cast<const uint8_t*>(data.data()), data.size());
}

Awaitable<uint32_t> WebSocketLink::read_length() { co_return fail("a WebSocket's messages tell their length inside"); }

std::span<uint8_t> WebSocketLink::add_packet(size_t size) {
  const size_t old = output_.size();
  output_.resize(old + size);
  output_packets_.push_back(size);
  return std::span(output_).subspan(old);
}

void WebSocketLink::add_length(uint32_t /*length*/) {}

Awaitable<void> WebSocketLink::flush() {
  sending_.swap(output_);
  output_.clear();
  sending_packets_.swap(output_packets_);
  output_packets_.clear();
  size_t offset = 0;
  for (const size_t size : sending_packets_) {
    auto [error, count] = co_await stream_.async_write(asio::buffer(&sending_[offset], size), as_result);
    if (error) {
      co_return ended(error);
    }
    offset += size;
  }
  co_return Result<void>{};
}

Awaitable<void> WebSocketLink::ping() {
  auto [error] = co_await stream_.async_ping({}, as_result);
  if (error) {
    co_return ended(error);
  }
  co_return Result<void>{};
}

void WebSocketLink::close() {
  // Without a Close frame, as the first client: its answer would not come either.
  boost::system::error_code ignored;
  stream_.next_layer().shutdown(asio::socket_base::shutdown_both, ignored);
  stream_.next_layer().close(ignored);
}

asio::awaitable<void> WebSocketLink::relay_to(Link& other, const std::function<void(size_t)>& moved) {
  while (true) {
    Result<std::span<const uint8_t>> packet = co_await read_packet();
    if (!packet || packet->empty()) {
      break;
    }
    std::span<uint8_t> room = other.add_packet(packet->size());
    std::ranges::copy(*packet, room.begin());
    if (Result<void> sent = co_await other.flush(); !sent) {
      break;
    }
    moved(packet->size());
  }
  close();
  other.close();
}

}  // namespace kinode::transport
