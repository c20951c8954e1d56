#include "modules/net/outbox.h"

#include <iterator>

namespace kinode::modules::net {

bool Outbox::fits(size_t bytes) const {
  return items_.empty() || (items_.size() < limits_.messages && bytes_ + bytes <= limits_.bytes);
}

Outbox::Added Outbox::add(Item& item, const std::shared_ptr<Task>& sender) {
  std::scoped_lock lock(mutex_);
  if (closed_) {
    return Added::closed;
  }
  const size_t bytes = bytes_of(item);
  if (std::holds_alternative<Request>(item.message.message) && !fits(bytes)) {
    if (sender) {
      waiters_.push_back(sender);
    }
    return Added::full;
  }
  bytes_ += bytes;
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

std::deque<Outbox::Item> Outbox::take(size_t bytes) {
  std::deque<Item> taken;
  std::vector<std::weak_ptr<Task>> waiters;
  {
    std::scoped_lock lock(mutex_);
    size_t size = 0;
    while (!items_.empty() && (taken.empty() || size + bytes_of(items_.front()) <= bytes)) {
      size += bytes_of(items_.front());
      taken.push_back(std::move(items_.front()));
      items_.pop_front();
    }
    bytes_ -= size;
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

void Outbox::put_back(std::deque<Item> items) {
  std::scoped_lock lock(mutex_);
  for (const Item& item : items) {
    bytes_ += bytes_of(item);
  }
  items_.insert(items_.begin(), std::make_move_iterator(items.begin()), std::make_move_iterator(items.end()));
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
