// Answers every request with what it brought: body, metadata and, without looking at it, the blob.

#include <kinode/process.h>

void init(kinode::Address) {
  while (true) {
    auto event = kinode::receive();
    // Also one that came by inheritance, which says of itself that it expects nothing.
    if (!event || !event->is_request()) continue;
    kinode::respond({.inherit = true, .body = event->body(), .metadata = event->metadata()});
  }
}
