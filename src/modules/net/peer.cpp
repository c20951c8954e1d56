#include "modules/net/peer.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <random>

#include "modules/net/inbound.h"

namespace kinode::modules::net {

namespace asio = boost::asio;

namespace {

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
/// After a connection ended, before the next dial: the first client forgets a new connection with the end
/// of the old one if they come close together (networking.md 10).
constexpr std::chrono::milliseconds pause_after_end{60};
constexpr std::chrono::milliseconds first_back_off{100};
constexpr std::chrono::milliseconds longest_back_off{4'000};
/// How long a connection that does not send any more is still read.
constexpr std::chrono::seconds superseded_time{60};
/// A connection that the peer dialled and that came so long after ours was made, with twice what ours took, may
/// have been begun before the peer knew of ours.
constexpr std::chrono::milliseconds crossing_time{50};
/// What a worker seals and sends itself.
constexpr size_t small_bytes = 4'096;
/// An honest peer has two at most, and for a moment. Each costs memory and a descriptor.
constexpr size_t most_connections = 4;

/// Doubled with each failure; up to a half more, by chance, so that nodes do not dial in step.
std::chrono::milliseconds back_off(uint32_t failures) {
  static thread_local std::minstd_rand random(std::random_device{}());
  const auto base = std::min(longest_back_off, first_back_off * (1U << std::min(failures, 8U)));
  return base + std::chrono::milliseconds(random() % static_cast<uint64_t>(base.count() / 2 + 1));
}

}  // namespace

// ---- connecting -----------------------------------------------------------------------------------

void Peer::outbox_filled() {
  if (sender_) {
    sender_->notify();
  } else if (!dialling_ && failures_ > 0 && Clock::now() < quiet_until_) {
    give_up(Error{"it was not reached a moment ago"});
  } else {
    connect();
  }
}

void Peer::connect() {
  const bool failed_lately = failures_ > 0 && Clock::now() < quiet_until_;
  if (!closed_ && !sender_ && !dialling_ && !failed_lately) {
    dialling_ = true;
    asio::co_spawn(shared_.io, dial(), [self = shared_from_this()](const std::exception_ptr& thrown) {
      if (thrown) {
        self->dialling_ = false;
        self->give_up(Error{"no memory is left to dial"});
      }
    });
  }
}

asio::awaitable<void> Peer::dial() {
  if (Clock::now() < quiet_until_) {
    asio::steady_timer pause(shared_.io, quiet_until_);
    co_await pause.async_wait(as_result);
  }
  dial_started_ = Clock::now();
  Dialler dialler(shared_);
  Result<transport::Secured> secured = co_await dialler.reach(name_, is_router_);
  dialling_ = false;
  dial_took_ = Clock::now() - dial_started_;
  if (closed_) {
    co_return;
  }
  if (secured) {
    add(std::move(*secured), /*dialled=*/true);
    co_return;
  }
  shared_.print(2, fmt::format("{}: {}", name_, secured.error().message));
  quiet_until_ = Clock::now() + back_off(failures_++);
  if (!sender_) {
    give_up(secured.error());
  }
}

void Peer::add(transport::Secured secured, bool dialled) {
  ++shared_.counters.handshakes;
  ++shared_.counters.connections;
  auto session = std::make_shared<Session>(std::move(secured), dialled, shared_from_this(), outbox_);
  sessions_.push_back(session);
  failures_ = 0;
  shared_.print(2, fmt::format("connected with {} by {}, {}", name_, transport::name_of(session->protocol()),
                               dialled ? "dialled from here" : "dialled from there"));
  choose_sender(session);
  session->start();
  if (sessions_.size() > most_connections) {
    const auto oldest = std::ranges::find_if(sessions_, [&](const auto& other) { return other != sender_; });
    std::shared_ptr<Session>(*oldest)->close("this peer has more connections than one needs");
  }
}

bool Peer::is_crossing(const Session& newest) const {
  if (!sender_ || sender_->dialled() == newest.dialled()) {
    return false;
  }
  return newest.dialled() ? sender_->made() >= dial_started_
                          : Clock::now() - sender_->made() < 2 * dial_took_ + crossing_time;
}

void Peer::choose_sender(std::shared_ptr<Session> newest) {
  if (is_crossing(*newest)) {
    // Both nodes must choose the same connection, or the order of messages is lost.
    const bool ours_sends = shared_.our_name() < name_;
    if (newest->dialled() != ours_sends) {
      return;
    }
  }
  if (sender_) {
    sender_->set_sends(false);
  }
  set_sender(std::move(newest));
  sender_->set_sends(true);
}

void Peer::set_sender(std::shared_ptr<Session> session) {
  sender_ = std::move(session);
  std::scoped_lock lock(direct_mutex_);
  direct_ = sender_;
}

bool Peer::send_now(const Outbox::Item& item) {
  // Who expects nothing sends more before others run: that is better sent together. Large ones are sealed elsewhere.
  const auto* request = std::get_if<Request>(&item.message.message);
  if ((request != nullptr && !request->expects_response) || item.encoded.size() > small_bytes ||
      item.rests_on > shared_.durable) {
    return false;
  }
  std::shared_ptr<Session> session;
  {
    std::scoped_lock lock(direct_mutex_);
    session = direct_;
  }
  return session && session->protocol() == transport::Protocol::tcp && session->send_now(item);
}

void Peer::close(std::string_view reason) {
  closed_ = true;
  disconnect(reason);
}

void Peer::close_unused() {
  const Clock::time_point long_ago = Clock::now() - superseded_time;
  for (const std::shared_ptr<Session>& session : std::vector(sessions_)) {
    // The first client would take the end of one for the end of all (defect B8).
    if (session != sender_ && session->is_our_kind() && session->last_used() < long_ago) {
      session->close("another connection took over");
    }
  }
}

void Peer::disconnect(std::string_view reason) {
  for (const std::shared_ptr<Session>& session : std::vector(sessions_)) {
    session->close(reason);
  }
}

Session* Peer::routed_session() const {
  for (const std::shared_ptr<Session>& session : sessions_) {
    if (session->proxy_request() && !session->dialled()) {
      return session.get();
    }
  }
  return nullptr;
}

Peer::Clock::time_point Peer::last_used() const {
  Clock::time_point last = Clock::time_point::min();
  for (const std::shared_ptr<Session>& session : sessions_) {
    last = std::max(last, session->last_used());
  }
  return last;
}

// ---- what happens to connections ------------------------------------------------------------------

void Peer::left(size_t messages, size_t bytes) {
  shared_.counters.sent += messages;
  shared_.counters.sent_bytes += bytes;
}

transport::Awaitable<void> Peer::arrived(Session& session, Bytes message) {
  ++shared_.counters.received;
  shared_.counters.received_bytes += message.size();
  return inbound_.arrived(*this, session, std::move(message));
}

void Peer::ended(Session& session, std::deque<Outbox::Item> unsent, const Error& reason) {
  --shared_.counters.connections;
  shared_.print(2, fmt::format("connection with {} ended: {}", name_, reason.message));
  const bool was_sender = sender_.get() == &session;
  std::erase_if(sessions_, [&](const auto& other) { return other.get() == &session; });
  give_back(std::move(unsent));
  if (!was_sender) {
    return;
  }
  set_sender(nullptr);
  quiet_until_ = Clock::now() + pause_after_end;
  if (!sessions_.empty()) {
    choose_sender(sessions_.back());
  } else if (!outbox_.is_empty()) {
    connect();
  }
}

void Peer::give_back(std::deque<Outbox::Item> items) {
  shared_.counters.given_back += items.size();
  for (Outbox::Item& item : items) {
    shared_.kernel->undelivered(std::move(item.message));
  }
}

void Peer::give_up(const Error& reason) {
  size_t count = 0;
  // More may come meanwhile: its owner is told of that only after it was found empty.
  for (std::deque<Outbox::Item> items; !(items = outbox_.take_all()).empty();) {
    count += items.size();
    give_back(std::move(items));
  }
  if (count > 0) {
    shared_.print(2, fmt::format("{} messages to {} given back: {}", count, name_, reason.message));
  }
}

}  // namespace kinode::modules::net
