#include "kernel/mailbox.h"

namespace kinode::kernel {

size_t bytes_of(const Capability& capability) {
  return capability.issuer().node().size() + capability.issuer().process().text().size() + capability.params().size();
}

size_t Envelope::bytes() const {
  size_t size = sizeof(Envelope) + (blob ? blob->bytes.size() : 0);
  return std::visit(
      [size](const auto& part) {
        size_t total = size + part.body.size() + (part.metadata ? part.metadata->size() : 0);
        for (const AttachedCapability& attached : part.capabilities) {
          total += sizeof(AttachedCapability) + bytes_of(attached.capability) + attached.signature.size();
        }
        return total;
      },
      message);
}

Mailbox::~Mailbox() { discard(take_all()); }

bool Mailbox::has_room(size_t bytes, const Limits& limits) const {
  return requests_ == 0 || (requests_ < limits.mailbox_messages && bytes_ + bytes <= limits.mailbox_bytes);
}

void Mailbox::push(std::unique_ptr<Envelope> envelope) {
  Envelope* added = envelope.get();
  ++size_;
  size_t bytes = added->bytes();
  bytes_ += bytes;
  if (added->kind == Envelope::Kind::request) {
    ++requests_;
  } else {
    end_bytes_ += bytes;
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
  }
  return taken;
}

std::unique_ptr<Envelope> Mailbox::take_all() {
  last_ = nullptr;
  size_ = requests_ = bytes_ = end_bytes_ = 0;
  return std::move(first_);
}

void Mailbox::discard(std::unique_ptr<Envelope> chain) {
  // One by one: left alone, the chain would end in a recursion as deep as it is long.
  while (chain) {
    chain = std::move(chain->next);
  }
}

void Mailbox::add_waiter(const std::shared_ptr<ProcessEntry>& sender) {
  if (waiting_.insert(sender.get()).second) {
    waiters_.push_back(sender);
  }
}

std::vector<std::weak_ptr<ProcessEntry>> Mailbox::take_waiters() {
  waiting_.clear();
  return std::exchange(waiters_, {});
}

}  // namespace kinode::kernel
