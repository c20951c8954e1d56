// WebSocket: one socket that a process opened, from its dial to its end.
//
// What the process pushes is written in order, and acknowledged when it is written (defect C4); what it pushes before
// the socket is open waits for that. What comes is given to the process as fast as it takes messages: while its mailbox
// is full nothing more is read, so the server is held back and nothing is lost. Opening and closing hold up nobody
// (defect C1).
//
// On one I/O thread. Its Host, who owns it, hears once that it has ended, and once that it is finished.
#pragma once

#include <array>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "modules/http_client/actions.h"
#include "modules/http_client/connection.h"

namespace kinode::modules::http_client {

class WebSocket : public std::enable_shared_from_this<WebSocket> {
 public:
  /// Acknowledged, or what went wrong.
  using Answer = std::function<void(ActionResult<void>)>;
  struct Host {
    /// Sends a request to the process; false where its mailbox is full, and then `deliver` is to be called again.
    std::function<bool(kernel::Outgoing&)> send;
    /// It is over: no further push is taken.
    std::function<void(WebSocket&)> ended;
    /// And the process has all that came: nothing is left to do.
    std::function<void(WebSocket&)> finished;
  };

  /// `process` gets what comes.
  WebSocket(std::shared_ptr<boost::asio::io_context> io, Shared& shared, std::unique_ptr<Seat> seat, Caller caller,
            Address process, OpenAction action, Host host);
  ~WebSocket();

  /// Once.
  void start(Answer answer, Connection::Deadline deadline);
  /// `wants_answer`: whether a frame that finds no room is answered; else the socket ends, so that no frame is missing
  /// unseen.
  void push(FrameType type, Bytes payload, bool wants_answer, Answer answer);
  /// Ends it with a Close frame after what was pushed before; answered when the server has closed it too.
  void close(Answer answer);
  /// Ends it at once, and its process hears nothing of it.
  void abandon();
  /// Gives the process what waits for it, as far as it takes it.
  void deliver();

  [[nodiscard]] uint32_t channel() const { return action_.channel; }

 private:
  using Socket = boost::beast::websocket::stream<Stream&>;
  using error_code = boost::beast::error_code;
  struct Frame {
    FrameType type;
    Bytes payload;
    ByteRoom::Share share;
    Answer answer;
  };

  static Awaitable<void> run(std::shared_ptr<WebSocket> self, Answer answer, Connection::Deadline deadline);
  Awaitable<Result<void>> open(Connection::Deadline deadline);
  Awaitable<void> read_messages();
  /// One whole message; false at the end of the socket.
  Awaitable<bool> read_message();
  void take_control(boost::beast::websocket::frame_type kind);
  void add_incoming(FrameType type, std::optional<Blob> blob);
  void add_request(std::string body, std::optional<Blob> blob);
  void write_next();
  void wrote(const error_code& error);
  void end();

  const std::shared_ptr<boost::asio::io_context> io_;
  Shared& shared_;
  const std::unique_ptr<Seat> seat_;
  const Caller caller_;
  const Address process_;
  const OpenAction action_;
  const Host host_;
  std::shared_ptr<Connection> connection_;
  std::optional<Socket> socket_;
  bool is_open_ = false;
  bool is_closing_ = false;
  bool is_abandoned_ = false;
  bool has_ended_ = false;

  std::deque<Frame> outgoing_;
  size_t outgoing_bytes_ = 0;
  bool is_writing_ = false;

  std::array<char, size_t{16} << 10U> chunk_{};
  std::string message_;
  ByteRoom::Share message_share_;
  std::deque<kernel::Outgoing> incoming_;
  /// Cancelled when the process has taken all of `incoming_`.
  boost::asio::steady_timer taken_;
  boost::asio::steady_timer close_timer_;
};

}  // namespace kinode::modules::http_client
