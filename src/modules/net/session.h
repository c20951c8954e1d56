// Session: one connection with a peer, from the end of the handshake on. It sends what the peer's outbox
// holds, and hands over what comes.
//
// Who writes to the connection takes a turn: the network's thread, which may wait in its turn, or a worker, which does
// not. So a message that nothing stands before leaves at once, without a thread to be woken for it.
//
// Threads: `send_now` is for any, the rest for the network's.
#pragma once

#include <atomic>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>

#include "modules/net/outbox.h"
#include "transport/handshake.h"

namespace kinode::modules::net {

class Session;

/// What a session serves.
class SessionOwner {
 public:
  virtual ~SessionOwner() = default;
  /// A message came; the next is read when this is done. An error ends the connection.
  virtual transport::Awaitable<void> arrived(Session& session, Bytes message) = 0;
  /// Messages left, of so many bytes together.
  virtual void left(size_t messages, size_t bytes) = 0;
  /// The connection ended. `unsent` was taken from the outbox, and the peer did not get it, or not whole.
  virtual void ended(Session& session, std::deque<Outbox::Item> unsent, const Error& reason) = 0;
};

class Session : public std::enable_shared_from_this<Session> {
 public:
  using Clock = std::chrono::steady_clock;

  /// `owner` and `outbox` outlive it.
  Session(transport::Secured secured, bool dialled, std::shared_ptr<SessionOwner> owner, Outbox& outbox);

  /// Whether this node asked for the connection.
  [[nodiscard]] bool dialled() const { return dialled_; }
  /// The peer wants to be reached through this node.
  [[nodiscard]] bool proxy_request() const { return proxy_request_; }
  [[nodiscard]] bool is_our_kind() const { return features_.has_value(); }
  [[nodiscard]] transport::Protocol protocol() { return channel_.link().protocol(); }
  [[nodiscard]] Clock::time_point made() const { return made_; }
  [[nodiscard]] Clock::time_point last_used() const { return last_used_; }

  /// Sends a small message here and now, if it is its turn: nothing else is being sent or waits to be. Else false.
  bool send_now(const Outbox::Item& item);
  /// Starts to read and to send.
  void start();
  /// Whether it takes from the outbox: of the sessions of a peer one does.
  void set_sends(bool sends);
  /// It took items from the outbox that the operating system has not taken yet.
  [[nodiscard]] bool is_sending() const { return !unsent_.empty(); }
  /// The outbox has items.
  void notify() { wake_.cancel(); }
  /// Ends it; the owner hears of it later.
  void close(std::string_view reason);

 private:
  boost::asio::awaitable<void> read_all();
  boost::asio::awaitable<void> write_all();
  /// Sends `items`; those that the operating system did not take whole are left in `unsent_`.
  transport::Awaitable<void> send(std::deque<Outbox::Item> items);
  /// Until there is something to do, or it is time for a sign of life.
  boost::asio::awaitable<void> wait_for_items();
  void end(Error reason);

  enum class Turn : uint8_t { none, network, worker };
  bool take_turn(Turn turn);
  void give_turn() { turn_.store(Turn::none); }

  transport::Channel channel_;
  const bool dialled_;
  const bool proxy_request_;
  const std::optional<wire::PeerFeatures> features_;
  const std::shared_ptr<SessionOwner> owner_;
  Outbox& outbox_;
  boost::asio::steady_timer wake_;
  const Clock::time_point made_ = Clock::now();
  std::atomic<Clock::time_point> last_used_ = made_;
  std::atomic<Clock::time_point> last_sent_ = made_;
  std::atomic<Turn> turn_ = Turn::none;  // who has it alone writes to the channel
  std::deque<Outbox::Item> unsent_;
  std::atomic<bool> sends_ = false;
  std::atomic<bool> closed_ = false;
  bool reading_ = false;
  bool writing_ = false;
  bool told_ = false;
  Error reason_;
};

}  // namespace kinode::modules::net
