#include "kernel/mailbox.h"

namespace kinode::kernel {

size_t Envelope::bytes() const {
  size_t size = sizeof(Envelope) + (blob ? blob->bytes.size() : 0);
  return std::visit(
      [size](const auto& part) {
        size_t total = size + part.body.size() + (part.metadata ? part.metadata->size() : 0);
        for (const AttachedCapability& attached : part.capabilities) {
          total += sizeof(AttachedCapability) + attached.capability.params().size();
        }
        return total;
      },
      message);
}

Mailbox::~Mailbox() {
  // One by one: the chain of unique_ptrs would end in a recursion as deep as the mailbox is long.
  while (pop()) {
  }
}

bool Mailbox::has_room(size_t bytes, const Limits& limits) const {
  return requests_ == 0 || (requests_ < limits.mailbox_messages && bytes_ + bytes <= limits.mailbox_bytes);
}

void Mailbox::push(std::unique_ptr<Envelope> envelope) {
  Envelope* added = envelope.get();
  ++size_;
  requests_ += added->kind == Envelope::Kind::request ? 1 : 0;
  bytes_ += added->bytes();
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
  requests_ -= taken->kind == Envelope::Kind::request ? 1 : 0;
  bytes_ -= taken->bytes();
  return taken;
}

}  // namespace kinode::kernel
