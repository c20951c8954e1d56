#include "transport/tcp_link.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <cstring>

#include "transport/socket_options.h"

namespace kinode::transport {

namespace asio = boost::asio;

namespace {

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
/// What an idle connection has, and what one has that large messages come by: so they take few reads.
constexpr size_t least_buffer = Link::stranger_packet_limit + 2;
constexpr size_t most_buffer = size_t{512} << 10;
/// After so many reads that left most of the buffer empty, it is made small again.
constexpr uint32_t small_reads_limit = 64;

}  // namespace

TcpLink::TcpLink(asio::ip::tcp::socket socket) : socket_(std::move(socket)) {
  boost::system::error_code ignored;
  remote_ = socket_.remote_endpoint(ignored);
  set_options(socket_);
}

// ---- reading --------------------------------------------------------------------------------------

Awaitable<void> TcpLink::fill(size_t size) {
  fit_input(size);
  while (buffered() < size) {
    auto [error, count] =
        co_await socket_.async_read_some(asio::buffer(&input_[end_], input_.size() - end_), as_result);
    if (error) {
      co_return fail("the connection ended: {}", error.message());
    }
    end_ += count;
    note_read(count);
  }
  co_return Result<void>{};
}

void TcpLink::fit_input(size_t size) {
  if (buffered() == 0) {
    begin_ = end_ = 0;
    if (small_reads_ >= small_reads_limit && input_.size() > least_buffer) {
      input_.resize(least_buffer);
      input_.shrink_to_fit();
      small_reads_ = 0;
    }
  }
  input_.resize(std::max({input_.size(), size, least_buffer}));
  if (begin_ + size > input_.size()) {
    std::memmove(input_.data(), input_.data() + begin_, buffered());
    end_ -= begin_;
    begin_ = 0;
  }
}

void TcpLink::note_read(size_t count) {
  small_reads_ = count < input_.size() / 8 ? small_reads_ + 1 : 0;
  if (end_ == input_.size() && input_.size() < most_buffer && packet_limit_ > stranger_packet_limit) {
    input_.resize(std::min(2 * input_.size(), most_buffer));
  }
}

Awaitable<std::span<const uint8_t>> TcpLink::read_packet() {
  if (buffered() < 2) {
    if (Result<void> filled = co_await fill(2); !filled) {
      co_return std::unexpected(filled.error());
    }
  }
  const size_t size = size_t{input_[begin_]} << 8U | input_[begin_ + 1];
  if (size > packet_limit_) {
    co_return fail("a packet of {} bytes came where the most is {}", size, packet_limit_);
  }
  if (buffered() < 2 + size) {
    if (Result<void> filled = co_await fill(2 + size); !filled) {
      co_return std::unexpected(filled.error());
    }
  }
  const std::span<const uint8_t> packet(&input_[begin_] + 2, size);
  begin_ += 2 + size;
  if (begin_ == end_) {
    begin_ = end_ = 0;  // the packet stays where it is until the next read
  }
  co_return packet;
}

Awaitable<uint32_t> TcpLink::read_length() {
  if (buffered() < 4) {
    if (Result<void> filled = co_await fill(4); !filled) {
      co_return std::unexpected(filled.error());
    }
  }
  uint32_t length = 0;
  for (int i = 0; i < 4; ++i) {
    length = length << 8U | input_[begin_++];
  }
  co_return length;
}

// ---- writing --------------------------------------------------------------------------------------

std::span<uint8_t> TcpLink::grow(size_t size) {
  const size_t old = output_.size();
  output_.resize(old + size);
  return std::span(output_).subspan(old);
}

std::span<uint8_t> TcpLink::add_packet(size_t size) {
  std::span<uint8_t> room = grow(2 + size);
  room[0] = static_cast<uint8_t>(size >> 8U);
  room[1] = static_cast<uint8_t>(size);
  return room.subspan(2);
}

void TcpLink::add_length(uint32_t length) {
  std::span<uint8_t> room = grow(4);
  for (int i = 0; i < 4; ++i) {
    room[i] = static_cast<uint8_t>(length >> (24U - 8U * i));
  }
}

Awaitable<void> TcpLink::flush() {
  sending_.swap(output_);
  output_.clear();
  auto [error, count] = co_await asio::async_write(socket_, asio::buffer(sending_), as_result);
  if (error) {
    co_return fail("the connection ended: {}", error.message());
  }
  co_return Result<void>{};
}

bool TcpLink::flush_now() {
  const ssize_t sent = ::send(socket_.native_handle(), output_.data(), output_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent > 0) {
    output_.erase(output_.begin(), output_.begin() + sent);
  }
  return output_.empty();
}

Awaitable<void> TcpLink::ping() { co_return Result<void>{}; }  // the operating system does it

void TcpLink::close() {
  boost::system::error_code ignored;
  socket_.shutdown(asio::socket_base::shutdown_both, ignored);
  socket_.close(ignored);
}

asio::awaitable<void> TcpLink::relay_to(Link& other, const std::function<void(size_t)>& moved) {
  auto& to = dynamic_cast<TcpLink&>(other);
  fit_input(least_buffer);
  while (true) {
    // What was read along with the request to route comes first.
    if (buffered() > 0) {
      auto [failed, written] =
          co_await asio::async_write(to.socket_, asio::buffer(&input_[begin_], buffered()), as_result);
      if (failed) {
        break;
      }
      moved(written);
      begin_ = end_ = 0;
    }
    auto [error, count] = co_await socket_.async_read_some(asio::buffer(input_), as_result);
    if (error) {
      break;
    }
    end_ = count;
    if (input_.size() < packet_limit) {
      input_.resize(packet_limit);
    }
  }
  close();
  to.close();
}

}  // namespace kinode::transport
