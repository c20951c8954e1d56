#include "modules/http_server/websocket_connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <utility>

#include "base/utf8.h"

namespace kinode::modules {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = boost::beast::websocket;

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

/// Control frames of a client that wait for the handler; further pings and pongs are not told of.
constexpr size_t most_control_frames = 100;
/// So much of a message needs no room of its own; beyond, room is taken in such steps.
constexpr size_t free_message_bytes = size_t{64} << 10;
constexpr size_t message_room_step = size_t{1} << 20;
/// A buffer that grew beyond is not kept for the next message.
constexpr size_t kept_buffer_bytes = size_t{64} << 10;
constexpr size_t longest_reason = 123;

/// A client that vanished is noticed after about two minutes.
void keep_alive(asio::ip::tcp::socket& socket) {
  const auto set = [&](int level, int name, int value) {
    ::setsockopt(socket.native_handle(), level, name, &value, sizeof value);
  };
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, 60);
  set(IPPROTO_TCP, TCP_KEEPINTVL, 15);
  set(IPPROTO_TCP, TCP_KEEPCNT, 4);
}

FrameType type_of(websocket::frame_type kind) {
  switch (kind) {
    case websocket::frame_type::ping:
      return FrameType::ping;
    case websocket::frame_type::pong:
      return FrameType::pong;
    default:
      return FrameType::close;
  }
}

}  // namespace

class WebSocketConnection::OnePlace final : public WebSocket::Place {
 public:
  OnePlace(std::shared_ptr<HttpShared> shared, std::shared_ptr<std::atomic<size_t>> taken, size_t bytes)
      : shared_(std::move(shared)), taken_(std::move(taken)), room_(shared_->frame_room.take(bytes)) {}
  ~OnePlace() override { --*taken_; }
  OnePlace(const OnePlace&) = delete;
  OnePlace& operator=(const OnePlace&) = delete;

  [[nodiscard]] bool has_room() const { return static_cast<bool>(room_); }

 private:
  std::shared_ptr<HttpShared> shared_;  // owns the room; the place may outlive the listener
  std::shared_ptr<std::atomic<size_t>> taken_;
  BodyRoom::Share room_;
};

WebSocketConnection::WebSocketConnection(HttpShared& shared, asio::ip::tcp::socket socket,
                                         std::shared_ptr<WebSocketHandler> handler)
    : shared_(shared),
      stream_(std::move(socket)),
      handler_(std::move(handler)),
      changed_(stream_.get_executor(), asio::steady_timer::time_point::max()),
      write_deadline_(stream_.get_executor()) {}

WebSocketConnection::~WebSocketConnection() { shared_.remove(*this); }

void WebSocketConnection::start(HttpShared& shared, asio::ip::tcp::socket socket, HttpRequest request,
                                std::shared_ptr<WebSocketHandler> handler) {
  keep_alive(socket);
  std::shared_ptr<WebSocketConnection> connection(
      new WebSocketConnection(shared, std::move(socket), std::move(handler)));
  if (shared.add(connection)) {
    auto executor = connection->stream_.get_executor();
    asio::co_spawn(executor, run(std::move(connection), std::move(request)), asio::detached);
  }
}

WebSocketConnection::Awaitable<void> WebSocketConnection::run(std::shared_ptr<WebSocketConnection> self,
                                                              HttpRequest request) {
  auto& stream = self->stream_;
  stream.set_option(
      websocket::stream_base::timeout{self->shared_.settings.header_timeout, websocket::stream_base::none(), false});
  stream.read_message_max(self->shared_.settings.websocket_message_bytes);
  stream.auto_fragment(false);
  auto [error] = co_await stream.async_accept(request, as_result);
  if (error) {
    self->end_now();
    co_return;
  }
  self->is_open_ = true;
  stream.control_callback([&connection = *self](websocket::frame_type kind, beast::string_view payload) {
    connection.close_came_ = connection.close_came_ || kind == websocket::frame_type::close;
    if (kind == websocket::frame_type::close || connection.came_.size() < most_control_frames) {
      connection.give({type_of(kind), Bytes::copy_of(std::string_view(payload))});
    }
  });
  self->handler_is_busy_ = true;
  self->handler_->opened(self, self->when_taken());
  try {
    co_await self->read();
  } catch (const std::exception&) {
    // No memory for this client: its connection ends, the others go on.
  }
  // A close of ours waits for that of the client, which is told of too.
  while (self->is_closing_) {
    co_await self->changed_.async_wait(as_result);
  }
  self->end_now();
  co_await self->until_all_is_taken();
  std::exchange(self->handler_, nullptr)->closed();
}

WebSocketConnection::Awaitable<void> WebSocketConnection::read() {
  while (true) {
    co_await until_all_is_taken();
    auto [error, size] = co_await stream_.async_read_some(message_, 0, as_result);
    if (error) {
      co_return;
    }
    if (!has_room()) {
      co_return;  // cut off: the node is busy with other large messages
    }
    if (stream_.is_message_done()) {
      give(take_message());
    }
  }
}

bool WebSocketConnection::has_room() {
  while (message_.size() > free_message_bytes + message_room_bytes_) {
    BodyRoom::Share share = shared_.body_room.take(message_room_step);
    if (!share) {
      return false;
    }
    message_room_.push_back(std::move(share));
    message_room_bytes_ += message_room_step;
  }
  return true;
}

WebSocketFrame WebSocketConnection::take_message() {
  WebSocketFrame frame{stream_.got_text() ? FrameType::text : FrameType::binary,
                       Bytes::copy_of({static_cast<const char*>(message_.data().data()), message_.size()})};
  message_.consume(message_.size());
  if (message_.capacity() > kept_buffer_bytes) {
    message_ = {};
  }
  message_room_.clear();
  message_room_bytes_ = 0;
  return frame;
}

// ---- to the handler ---------------------------------------------------------------------------------

void WebSocketConnection::give(WebSocketFrame frame) {
  came_.push_back(std::move(frame));
  if (!handler_is_busy_) {
    give_next();
  }
}

void WebSocketConnection::give_next() {
  if (came_.empty()) {
    handler_is_busy_ = false;
    changed_.cancel();
    return;
  }
  handler_is_busy_ = true;
  WebSocketFrame frame = std::move(came_.front());
  came_.pop_front();
  handler_->took(std::move(frame), when_taken());
}

WebSocketHandler::Next WebSocketConnection::when_taken() {
  return [weak = weak_from_this()] {
    if (const auto self = weak.lock()) {
      asio::post(self->stream_.get_executor(), [self] { self->give_next(); });
    }
  };
}

WebSocketConnection::Awaitable<void> WebSocketConnection::until_all_is_taken() {
  while (handler_is_busy_) {
    co_await changed_.async_wait(as_result);
  }
}

// ---- to the client ----------------------------------------------------------------------------------

std::shared_ptr<WebSocket::Place> WebSocketConnection::take_place(size_t bytes) {
  const size_t before = (*places_taken_)++;
  auto place = std::make_shared<OnePlace>(shared_.shared_from_this(), places_taken_, bytes);
  if (before >= shared_.settings.websocket_frames_waiting || !place->has_room()) {
    abort();
    return nullptr;
  }
  return place;
}

void WebSocketConnection::send(WebSocketFrame frame, std::shared_ptr<Place> place) {
  asio::post(stream_.get_executor(), [self = shared_from_this(), frame = std::move(frame), place = std::move(place)] {
    self->push({frame, place});
  });
}

void WebSocketConnection::close(std::string reason) {
  reason.resize(utf8_prefix(reason, longest_reason).size());
  asio::post(stream_.get_executor(), [self = shared_from_this(), reason = std::move(reason)] {
    self->push({{FrameType::close, Bytes::from(reason)}, nullptr});
  });
}

void WebSocketConnection::abort() {
  asio::post(stream_.get_executor(), [self = shared_from_this()] { self->end_now(); });
}

void WebSocketConnection::stop() {
  asio::post(stream_.get_executor(), [self = shared_from_this()] {
    self->end_now();
    self->came_.clear();
    self->handler_is_busy_ = false;
    self->changed_.cancel();
  });
}

void WebSocketConnection::end_now() {
  is_open_ = false;
  outgoing_.clear();
  beast::get_lowest_layer(stream_).close();
  write_deadline_.cancel();
}

void WebSocketConnection::push(Outgoing outgoing) {
  if (!is_open_) {
    return;
  }
  outgoing_.push_back(std::move(outgoing));
  if (!is_writing_) {
    is_writing_ = true;
    asio::co_spawn(stream_.get_executor(), write(shared_from_this()), asio::detached);
  }
}

WebSocketConnection::Awaitable<void> WebSocketConnection::write(std::shared_ptr<WebSocketConnection> self) {
  while (!self->outgoing_.empty()) {
    Outgoing next = std::move(self->outgoing_.front());
    self->outgoing_.pop_front();
    const auto& settings = self->shared_.settings;
    self->write_deadline_.expires_after(settings.time_for(next.frame.payload.size()));
    self->write_deadline_.async_wait([weak = std::weak_ptr(self)](const beast::error_code& error) {
      if (const auto connection = weak.lock(); connection && !error) {
        connection->end_now();
      }
    });
    const bool goes_on = co_await self->write_one(std::move(next.frame));
    self->write_deadline_.cancel();
    if (!goes_on) {
      self->outgoing_.clear();
    }
  }
  self->is_writing_ = false;
}

WebSocketConnection::Awaitable<bool> WebSocketConnection::write_one(WebSocketFrame frame) {
  const std::string_view payload = frame.payload.text();
  switch (frame.type) {
    case FrameType::text:
    case FrameType::binary: {
      stream_.text(frame.type == FrameType::text);
      auto [error, size] = co_await stream_.async_write(asio::buffer(payload), as_result);
      co_return !error;
    }
    case FrameType::ping:
    case FrameType::pong: {
      const websocket::ping_data data(payload.data(), payload.size());
      auto [error] = frame.type == FrameType::ping ? co_await stream_.async_ping(data, as_result)
                                                   : co_await stream_.async_pong(data, as_result);
      co_return !error;
    }
    case FrameType::close: {
      is_closing_ = true;
      auto [error] = co_await stream_.async_close(
          {websocket::close_code::normal, beast::string_view(payload.data(), payload.size())}, as_result);
      if (!error && !close_came_) {
        give({FrameType::close, Bytes::copy_of(std::string_view(stream_.reason().reason))});
      }
      is_closing_ = false;
      changed_.cancel();
      co_return false;
    }
  }
  co_return false;
}

}  // namespace kinode::modules
