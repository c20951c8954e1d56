#include "kernel/mailbox.h"

#include <algorithm>

#include "kernel/planted_fault.h"

namespace kinode::kernel {

Mailbox::~Mailbox() { discard(take_all()); }

bool Mailbox::has_room(size_t bytes, const Limits& limits) const {
  const size_t messages = limits.mailbox_messages + (planted(Fault::limit_off_by_one) ? 1 : 0);
  return requests_ == 0 || (requests_ < messages && bytes_ + bytes <= limits.mailbox_bytes);
}

void Mailbox::push(std::unique_ptr<Envelope> envelope) {
  Envelope* added = envelope.get();
  ++size_;
  ++pushed_;
  size_t bytes = added->bytes();
  bytes_ += bytes;
  if (added->kind == Envelope::Kind::request) {
    ++requests_;
  } else {
    end_bytes_ += bytes;
    kept_.add(added->prompting);
  }
  if (planted(Fault::wrong_order) && first_) {
    added->next = std::move(first_);
    first_ = std::move(envelope);
    return;
  }
  if (last_ == nullptr) {
    first_ = std::move(envelope);
  } else {
    last_->next = std::move(envelope);
  }
  last_ = added;
}

std::unique_ptr<Envelope> Mailbox::pop() {
  if (!first_) {
    return nullptr;
  }
  std::unique_ptr<Envelope> taken = std::move(first_);
  first_ = std::move(taken->next);
  if (!first_) {
    last_ = nullptr;
  }
  --size_;
  size_t bytes = taken->bytes();
  bytes_ -= bytes;
  if (taken->kind == Envelope::Kind::request) {
    --requests_;
  } else {
    end_bytes_ -= bytes;
    kept_.remove(taken->prompting);
  }
  return taken;
}

std::unique_ptr<Envelope> Mailbox::take_all() {
  last_ = nullptr;
  size_ = requests_ = bytes_ = end_bytes_ = 0;
  kept_ = {};
  return std::move(first_);
}

size_t Mailbox::discard(std::unique_ptr<Envelope> chain) {
  size_t lost = 0;
  // One by one: left alone, the chain would end in a recursion as deep as it is long.
  while (chain) {
    bool is_error = chain->kind == Envelope::Kind::send_error;
    bool is_told_of = chain->kind == Envelope::Kind::request && chain->rsvp.has_value() &&
                      chain->rsvp->node() == chain->target.node();
    lost += is_error || is_told_of ? 0 : 1;
    chain = std::move(chain->next);
  }
  return lost;
}

void Mailbox::add_waiter(const std::shared_ptr<Task>& sender) {
  if (!waiting_.insert(sender.get()).second) {
    return;
  }
  if (waiters_.size() >= forget_at_) {
    // Of senders that ended meanwhile only their names are left, but there may be very many of them.
    std::erase_if(waiters_, [&](const Waiter& waiter) {
      bool ended = waiter.sender.expired();
      if (ended) {
        waiting_.erase(waiter.key);
      }
      return ended;
    });
    forget_at_ = std::max(least_to_forget, waiters_.size() * 2);
  }
  waiters_.push_back({sender.get(), sender});
}

std::vector<std::weak_ptr<Task>> Mailbox::take_waiters() {
  std::vector<std::weak_ptr<Task>> taken;
  taken.reserve(waiters_.size());
  for (Waiter& waiter : waiters_) {
    taken.push_back(std::move(waiter.sender));
  }
  waiting_.clear();
  waiters_.clear();
  return taken;
}

}  // namespace kinode::kernel
