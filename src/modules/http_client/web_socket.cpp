#include "modules/http_client/web_socket.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <utility>

namespace kinode::modules::http_client {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = boost::beast::websocket;

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
/// Pings and pongs of a server that wait for the process: further ones are dropped, as they carry nothing.
constexpr size_t most_controls = 64;

/// Finds out that the other end is gone, without a frame that the process would see the answer of.
void keep_alive(asio::ip::tcp::socket& socket) {
  beast::error_code ignored;
  socket.set_option(asio::socket_base::keep_alive(true), ignored);
  const auto set = [&](int option, int value) {
    ::setsockopt(socket.native_handle(), IPPROTO_TCP, option, &value, sizeof value);
  };
  set(TCP_KEEPIDLE, 60);
  set(TCP_KEEPINTVL, 15);
  set(TCP_KEEPCNT, 4);
}

}  // namespace

WebSocket::WebSocket(std::shared_ptr<asio::io_context> io, Shared& shared, std::unique_ptr<Seat> seat, Caller caller,
                     Address process, OpenAction action, Host host)
    : io_(std::move(io)),
      shared_(shared),
      seat_(std::move(seat)),
      caller_(std::move(caller)),
      process_(std::move(process)),
      action_(std::move(action)),
      host_(std::move(host)),
      connection_(std::make_shared<Connection>(io_, shared_)),
      message_share_(shared.room),
      taken_(*io_),
      close_timer_(*io_) {}

WebSocket::~WebSocket() = default;

// ---- its life -------------------------------------------------------------------------------------

void WebSocket::start(Answer answer, Connection::Deadline deadline) {
  asio::co_spawn(*io_, run(shared_from_this(), std::move(answer), deadline), asio::detached);
}

Awaitable<void> WebSocket::run(std::shared_ptr<WebSocket> self, Answer answer, Connection::Deadline deadline) {
  Result<void> opened = fail("the node has no memory for this socket");
  try {
    opened = co_await self->open(deadline);
    if (opened && !self->has_ended_) {
      self->is_open_ = true;
      answer({});
      self->write_next();
      co_await self->read_messages();
    }
  } catch (const std::exception& exception) {  // above all std::bad_alloc
    opened = fail("the node could not carry this out: {}", exception.what());
  }
  if (!self->is_open_) {
    const std::string reason = opened ? "it was closed before it was open" : opened.error().message;
    answer(std::unexpected(errors::open_failed(self->action_.url_text, reason)));
  }
  self->end();
}

Awaitable<Result<void>> WebSocket::open(Connection::Deadline deadline) {
  Result<void> connected = co_await connection_->open(action_.url, caller_, deadline);
  if (!connected || has_ended_) {
    co_return connected;
  }
  keep_alive(connection_->stream.tcp().socket());
  socket_.emplace(connection_->stream);
  websocket::stream_base::timeout times{};
  times.handshake_timeout = shared_.settings.open_time;
  times.idle_timeout = websocket::stream_base::none();
  times.keep_alive_pings = false;
  socket_->set_option(times);
  socket_->set_option(websocket::stream_base::decorator([this](websocket::request_type& request) {
    if (action_.url.authorization()) {
      request.set(beast::http::field::authorization, *action_.url.authorization());
    }
    for (const auto& [name, value] : action_.headers) {
      request.set(name, value);
    }
  }));
  socket_->read_message_max(shared_.settings.message_bytes);
  socket_->control_callback([this](websocket::frame_type kind, beast::string_view) { take_control(kind); });
  websocket::response_type response;
  const auto [error] =
      co_await socket_->async_handshake(response, action_.url.host_field(), action_.url.target(), as_result);
  if (error == websocket::error::upgrade_declined) {
    co_return fail("the server answered with status {}", response.result_int());
  }
  if (error) {
    co_return fail("the server opened no socket: {}", text_of(error));
  }
  // What follows may take any time; a Close frame has its own.
  connection_->stream.tcp().expires_never();
  co_return Result<void>();
}

void WebSocket::close(Answer answer) {
  if (has_ended_ || is_closing_) {
    answer({});
    return;
  }
  is_closing_ = true;
  if (!is_open_) {
    answer({});
    end();
    return;
  }
  outgoing_.push_back({FrameType::close, {}, ByteRoom::Share(shared_.room), std::move(answer)});
  write_next();
  close_timer_.expires_after(shared_.settings.close_time);
  close_timer_.async_wait([weak = weak_from_this()](const error_code& error) {
    const auto self = weak.lock();
    if (self && !error) {
      self->end();
    }
  });
}

void WebSocket::abandon() {
  is_abandoned_ = true;
  incoming_.clear();
  if (has_ended_) {
    host_.finished(*this);
  } else {
    end();
  }
}

void WebSocket::end() {
  if (std::exchange(has_ended_, true)) {
    return;
  }
  const auto self = shared_from_this();  // its owner lets go of it
  connection_->close();
  close_timer_.cancel();
  taken_.cancel();
  for (Frame& frame : std::exchange(outgoing_, {})) {
    frame.answer(frame.type == FrameType::close ? ActionResult<void>()
                                                : std::unexpected(errors::unknown_channel(action_.channel)));
  }
  host_.ended(*this);
  if (is_open_ && !is_abandoned_) {
    add_request(events::close(action_.channel), std::nullopt);
  }
  deliver();
}

// ---- what the process sends -----------------------------------------------------------------------

void WebSocket::push(FrameType type, Bytes payload, bool wants_answer, Answer answer) {
  if (has_ended_ || is_closing_) {
    answer(std::unexpected(errors::unknown_channel(action_.channel)));
    return;
  }
  ByteRoom::Share share(shared_.room);
  const bool has_room = outgoing_.size() < shared_.settings.unsent_frames &&
                        outgoing_bytes_ + payload.size() <= shared_.settings.unsent_bytes &&
                        share.resize(payload.size());
  if (!has_room) {
    answer(std::unexpected(
        errors::execute_failed("the frame was not sent: the server takes them too slowly, and too many wait already")));
    if (!wants_answer) {
      end();
    }
    return;
  }
  outgoing_bytes_ += payload.size();
  outgoing_.push_back({type, std::move(payload), std::move(share), std::move(answer)});
  write_next();
}

void WebSocket::write_next() {
  if (!is_open_ || is_writing_ || has_ended_ || outgoing_.empty()) {
    return;
  }
  is_writing_ = true;
  const Frame& frame = outgoing_.front();
  const auto done = [self = shared_from_this()](const error_code& error, size_t = 0) { self->wrote(error); };
  switch (frame.type) {
    case FrameType::text:
    case FrameType::binary:
      socket_->text(frame.type == FrameType::text);
      // The bytes stay with the frame, and the frame at the front.
      socket_->async_write(asio::const_buffer(frame.payload.data(), frame.payload.size()),
                           [done, payload = frame.payload](const error_code& error, size_t) { done(error); });
      return;
    case FrameType::ping:
      socket_->async_ping({}, done);
      return;
    case FrameType::pong:
      socket_->async_pong({}, done);
      return;
    case FrameType::close:
      socket_->async_close(websocket::close_code::normal, done);
      return;
  }
}

void WebSocket::wrote(const error_code& error) {
  is_writing_ = false;
  if (has_ended_) {
    return;
  }
  if (error) {
    end();
    return;
  }
  Frame frame = std::move(outgoing_.front());
  outgoing_.pop_front();
  outgoing_bytes_ -= frame.payload.size();
  frame.answer({});
  write_next();
}

// ---- what the server sends ------------------------------------------------------------------------

Awaitable<void> WebSocket::read_messages() {
  while (!has_ended_) {
    const bool is_message = co_await read_message();
    if (!is_message) {
      co_return;
    }
    const bool is_text = socket_->got_text();
    add_incoming(is_text ? FrameType::text : FrameType::binary,
                 Blob{is_text ? "text/plain" : "application/octet-stream", Bytes::from(std::exchange(message_, {}))});
    while (!incoming_.empty() && !has_ended_) {
      taken_.expires_at(std::chrono::steady_clock::time_point::max());
      co_await taken_.async_wait(as_result);
    }
    (void)message_share_.resize(0);
  }
}

Awaitable<bool> WebSocket::read_message() {
  do {
    const auto [error, size] = co_await socket_->async_read_some(asio::buffer(chunk_), as_result);
    if (error) {
      co_return false;
    }
    if (!message_share_.resize(message_.size() + size)) {
      co_return false;  // the node is full of other messages
    }
    message_.append(chunk_.data(), size);
  } while (!socket_->is_message_done());
  co_return true;
}

void WebSocket::take_control(websocket::frame_type kind) {
  if (kind != websocket::frame_type::close && incoming_.size() < most_controls) {
    add_incoming(kind == websocket::frame_type::ping ? FrameType::ping : FrameType::pong, std::nullopt);
  }
}

void WebSocket::add_incoming(FrameType type, std::optional<Blob> blob) {
  add_request(events::push(action_.channel, type), std::move(blob));
  deliver();
}

void WebSocket::add_request(std::string body, std::optional<Blob> blob) {
  Request request;
  request.body = Bytes::from(std::move(body));
  incoming_.push_back({.target = process_,
                       .request = std::move(request),
                       .blob = std::move(blob),
                       .context = std::nullopt,
                       .prompting = nullptr});
}

void WebSocket::deliver() {
  while (!incoming_.empty()) {
    if (!host_.send(incoming_.front())) {
      incoming_.front().wait_until = std::nullopt;  // it waits as long as the socket lives
      return;
    }
    incoming_.pop_front();
  }
  taken_.cancel();
  if (has_ended_) {
    host_.finished(*this);
  }
}

}  // namespace kinode::modules::http_client
