#include "life.h"

#include <algorithm>

namespace kinode::simulation {

using Kind = kernel::Envelope::Kind;

size_t Arrival::bytes() const {
  // The unit of measure is the kernel's.
  kernel::Envelope envelope{.kind = kind,
                            .source = source,
                            .target = target,
                            .message = request_of(*letter),
                            .blob = blob_of(letter->blob),
                            .context = bytes_of(context)};
  if (kind == Kind::response || gives_back_response) {
    envelope.message = response_of(*letter);
  }
  return envelope.bytes();
}

size_t Life::requests() const {
  return static_cast<size_t>(std::ranges::count_if(
      mailbox, [](const Arrival& arrival) { return arrival.kind == kernel::Envelope::Kind::request; }));
}

size_t Life::bytes() const {
  size_t total = 0;
  for (const Arrival& arrival : mailbox) {
    total += arrival.bytes();
  }
  return total;
}

void Memory::take_in(const Arrival& arrival, bool awaited) {
  const std::optional<std::string> blob = arrival.kind == Kind::send_error ? std::nullopt : arrival.letter->blob;
  has_blob = blob.has_value();
  if (blob) {
    last_blob = blob;
  }
  for (const Capability& capability : arrival.letter->capabilities) {
    received.insert_or_assign(key_of(capability), capability);
  }
  if (arrival.kind == Kind::request) {
    inheritable = blob;
    if (arrival.letter->expects || arrival.rsvp) {
      handled = std::make_shared<const Handled>(Handled{arrival.thread, arrival.source, arrival.rsvp, blob});
    }
    return;
  }
  if (!awaited) {
    handled = arrival.handled;  // what was handled when the request was sent
  }
  if (blob) {
    inheritable = blob;
  } else if (!awaited) {
    inheritable = handled ? handled->blob : std::nullopt;
  }
}

}  // namespace kinode::simulation
