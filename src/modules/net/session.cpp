#include "modules/net/session.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <thread>

namespace kinode::modules::net {

namespace asio = boost::asio;

namespace {

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
/// What is taken from the outbox at once: small messages share a write.
constexpr size_t batch_bytes = size_t{256} << 10;
/// Without anything sent for so long, a ping is (networking.md 4.1).
constexpr std::chrono::seconds ping_interval{30};

}  // namespace

Session::Session(transport::Secured secured, bool dialled, std::shared_ptr<SessionOwner> owner, Outbox& outbox)
    : channel_(std::move(secured.channel)),
      dialled_(dialled),
      proxy_request_(secured.proxy_request),
      features_(secured.features),
      owner_(std::move(owner)),
      outbox_(outbox),
      wake_(channel_.link().executor()) {}

void Session::start() {
  reading_ = true;
  writing_ = true;
  // Each keeps the session until it has ended.
  asio::co_spawn(channel_.link().executor(), read_all(), [self = shared_from_this()](const std::exception_ptr& thrown) {
    self->reading_ = false;
    self->end(thrown ? Error{"no memory is left to read"} : self->reason_);
  });
  asio::co_spawn(channel_.link().executor(), write_all(),
                 [self = shared_from_this()](const std::exception_ptr& thrown) {
                   self->writing_ = false;
                   self->end(thrown ? Error{"no memory is left to write"} : self->reason_);
                 });
}

void Session::set_sends(bool sends) {
  sends_ = sends;
  notify();
}

void Session::close(std::string_view reason) { end(Error{std::string(reason)}); }

void Session::end(Error reason) {
  if (!closed_) {
    closed_ = true;
    while (turn_ == Turn::worker) {
      std::this_thread::yield();  // for some microseconds: it must not find another connection in the place of this one
    }
    reason_ = std::move(reason);
    channel_.link().close();
    wake_.cancel();
  }
  if (!reading_ && !writing_ && !told_) {
    told_ = true;
    owner_->ended(*this, std::exchange(unsent_, {}), reason_);
  }
}

// ---- reading --------------------------------------------------------------------------------------

asio::awaitable<void> Session::read_all() {
  while (!closed_) {
    Result<Bytes> message = co_await channel_.read();
    if (!message) {
      close(message.error().message);
      break;
    }
    last_used_ = Clock::now();
    if (Result<void> taken = co_await owner_->arrived(*this, std::move(*message)); !taken) {
      close(taken.error().message);
    }
  }
}

// ---- writing --------------------------------------------------------------------------------------

asio::awaitable<void> Session::write_all() {
  while (!closed_) {
    if (!take_turn(Turn::network)) {
      co_await wait_for_items();  // the worker that has it tells
      continue;
    }
    std::deque<Outbox::Item> items;
    if (sends_) {
      items = outbox_.take(batch_bytes);
    }
    if (items.empty() && !channel_.has_unsent()) {
      give_turn();
      co_await wait_for_items();
      if (!closed_ && Clock::now() - last_sent_.load() >= ping_interval) {
        last_sent_ = Clock::now();
        if (Result<void> sent = co_await channel_.link().ping(); !sent) {
          close(sent.error().message);
        }
      }
      continue;
    }
    last_sent_ = Clock::now();
    last_used_ = Clock::now();
    Result<void> sent = co_await send(std::move(items));
    give_turn();
    if (!sent) {
      close(sent.error().message);
    }
  }
}

transport::Awaitable<void> Session::send(std::deque<Outbox::Item> items) {
  unsent_ = std::move(items);
  size_t bytes = 0;
  for (const Outbox::Item& item : unsent_) {
    bytes += item.encoded.size();
    Result<void> written = co_await channel_.write(item.encoded.head.span(), item.encoded.tail.span());
    if (!written) {
      co_return written;
    }
  }
  Result<void> flushed = co_await channel_.flush();
  if (flushed) {
    owner_->left(unsent_.size(), bytes);
    unsent_.clear();
  }
  co_return flushed;
}

bool Session::take_turn(Turn turn) {
  Turn nobody = Turn::none;
  return turn_.compare_exchange_strong(nobody, turn);
}

bool Session::send_now(const Outbox::Item& item) {
  if (!take_turn(Turn::worker)) {
    return false;
  }
  const bool may = sends_ && !closed_ && outbox_.is_empty() && !channel_.has_unsent();
  bool all_left = true;
  if (may) {
    last_sent_ = Clock::now();
    last_used_ = Clock::now();
    all_left = channel_.write_now(item.encoded.head.span(), item.encoded.tail.span());
    owner_->left(1, item.encoded.size());
  }
  give_turn();
  if (!all_left || !outbox_.is_empty()) {
    asio::post(channel_.link().executor(), [self = shared_from_this()] { self->notify(); });
  }
  return may;
}

asio::awaitable<void> Session::wait_for_items() {
  wake_.expires_at(last_sent_.load() + ping_interval);
  co_await wake_.async_wait(as_result);
}

}  // namespace kinode::modules::net
