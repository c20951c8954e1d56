// Peer: another node that this one talks with: what waits for it, and the connections there are.
//
// There can be more than one connection, when both nodes dial at once or one lost the other without
// noticing. All are read; one sends. A new connection takes over from an old one, unless both nodes
// dialled at the same time: then the one that the node with the lower name dialled sends on both sides
// (defects B8, B9).
//
// Threads: `outbox` and `send_now` for any, the rest for the network's.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_set>
#include <vector>

#include "modules/net/dialler.h"
#include "modules/net/line_gate.h"
#include "modules/net/outbox.h"
#include "modules/net/session.h"
#include "modules/net/shared.h"

namespace kinode::modules::net {

class Inbound;

class Peer final : public SessionOwner, public std::enable_shared_from_this<Peer> {
 public:
  using Clock = std::chrono::steady_clock;

  Peer(Shared& shared, Inbound& inbound, std::string name)
      : shared_(shared),
        inbound_(inbound),
        name_(std::move(name)),
        outbox_(shared.settings.outbox, shared.executor, shared.durable) {}

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] Outbox& outbox() { return outbox_; }

  /// Sends a message past the outbox, if nothing waits there and it would otherwise only cost time; else false.
  bool send_now(const Outbox::Item& item);
  /// Its outbox was empty and is not any more.
  void outbox_filled();
  /// More of it may leave.
  void outbox_released() {
    if (sender_) {
      sender_->notify();
    }
  }
  /// A connection was made, dialled by this node or by the peer.
  void add(transport::Secured secured, bool dialled);
  /// Connects, unless it is connected or was not reached just now.
  void connect();
  /// Whether connections dialled from now on ask to be reached through it: it is a router of this node.
  void set_router(bool is_router) { is_router_ = is_router; }
  /// What is known of it changed: an address that failed may be right now.
  void forget_failures() { failures_ = 0; }

  [[nodiscard]] bool is_connected() const { return sender_ != nullptr; }
  [[nodiscard]] size_t connections() const { return sessions_.size(); }
  /// Null without a connection.
  [[nodiscard]] Session* session() const { return sender_.get(); }
  /// The session of a peer that is reached through this node; null if it is not.
  [[nodiscard]] Session* routed_session() const;
  [[nodiscard]] Clock::time_point last_used() const;
  /// Nothing would be lost without it.
  [[nodiscard]] bool is_idle() const { return sessions_.empty() && !dialling_ && Clock::now() >= quiet_until_; }
  /// Something waits for its connection, and there is one.
  [[nodiscard]] bool has_more_to_send() const { return sender_ && (sender_->is_sending() || !outbox_.is_empty()); }
  /// Ends its connections; the next message makes a new one.
  void disconnect(std::string_view reason);
  /// Ends connections that another one took over from long ago.
  void close_unused();
  /// Ends its connections for ever.
  void close(std::string_view reason);

  // ---- SessionOwner ----
  transport::Awaitable<void> arrived(Session& session, Bytes message) override;
  void left(size_t messages, size_t bytes) override;
  void ended(Session& session, std::deque<Outbox::Item> unsent, const Error& reason) override;

 private:
  friend class Inbound;

  boost::asio::awaitable<void> dial();
  /// Whether both nodes dialled at the same time, and `newest` came second.
  [[nodiscard]] bool is_crossing(const Session& newest) const;
  void choose_sender(std::shared_ptr<Session> newest);
  void set_sender(std::shared_ptr<Session> session);
  void give_back(std::deque<Outbox::Item> items);
  /// Gives back all that waits.
  void give_up(const Error& reason);

  Shared& shared_;
  Inbound& inbound_;
  const std::string name_;
  Outbox outbox_;
  std::vector<std::shared_ptr<Session>> sessions_;
  std::shared_ptr<Session> sender_;
  std::mutex direct_mutex_;
  std::shared_ptr<Session> direct_;  // `sender_`, for `send_now`
  bool is_router_ = false;
  bool dialling_ = false;
  bool closed_ = false;
  uint32_t failures_ = 0;                                     // dials that failed since the last connection
  Clock::time_point quiet_until_ = Clock::time_point::min();  // no dial before
  Clock::time_point dial_started_ = Clock::time_point::min();
  Clock::duration dial_took_{};
  /// Processes here whose mailboxes stayed full: what comes for them from this peer does not wait any more.
  std::unordered_set<std::string> stuck_;
  LineGate lines_;
};

}  // namespace kinode::modules::net
