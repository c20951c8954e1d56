#include "modules/net/outbox.h"

#include <utility>

namespace kinode::modules::net {

bool Outbox::fits(const Item& item) const {
  const size_t bytes = bytes_ + bytes_of(item);
  if (std::holds_alternative<Response>(item.message.message)) {
    return items_.empty() || bytes <= limits_.bytes_with_responses;
  }
  return items_.empty() || (items_.size() < limits_.messages && bytes <= limits_.bytes);
}

Outbox::Added Outbox::add(Item& item, const std::shared_ptr<Task>& sender) {
  std::scoped_lock lock(mutex_);
  if (closed_) {
    return Added::closed;
  }
  if (!fits(item)) {
    if (sender) {
      waiters_.push_back(sender);
    }
    return Added::full;
  }
  bytes_ += bytes_of(item);
  items_.push_back(std::move(item));
  return std::exchange(told_, true) ? Added::more : Added::first;
}

bool Outbox::has_room(const std::shared_ptr<Task>& waiter) {
  std::scoped_lock lock(mutex_);
  if (bytes_ <= limits_.bytes) {
    return true;
  }
  waiters_.push_back(waiter);
  return false;
}

template <class May>
std::deque<Outbox::Item> Outbox::take_while(May may) {
  std::deque<Item> taken;
  std::vector<std::weak_ptr<Task>> waiters;
  {
    std::scoped_lock lock(mutex_);
    while (!items_.empty() && may(items_.front())) {
      bytes_ -= bytes_of(items_.front());
      taken.push_back(std::move(items_.front()));
      items_.pop_front();
    }
    told_ = !taken.empty();
    // Not at the first free place: the senders would take turns at one message each.
    if (items_.size() <= limits_.messages * 3 / 4 && bytes_ <= limits_.bytes / 4 * 3) {
      waiters.swap(waiters_);
    }
  }
  for (const std::weak_ptr<Task>& waiter : waiters) {
    if (std::shared_ptr<Task> sender = waiter.lock()) {
      executor_.wake(std::move(sender), WakeHint::elsewhere);
    }
  }
  return taken;
}

std::deque<Outbox::Item> Outbox::take(size_t bytes) {
  size_t size = 0;
  return take_while([&](const Item& next) {
    const bool is_first = size == 0;
    size += bytes_of(next);
    return next.rests_on <= durable_ && (is_first || size <= bytes);
  });
}

std::deque<Outbox::Item> Outbox::take_all() {
  return take_while([](const Item&) { return true; });
}

bool Outbox::is_empty() const {
  std::scoped_lock lock(mutex_);
  return items_.empty();
}

bool Outbox::close_if_empty() {
  std::scoped_lock lock(mutex_);
  closed_ = items_.empty();
  return closed_;
}

}  // namespace kinode::modules::net
