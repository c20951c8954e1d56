// Answers every request with what it brought: body, metadata and, without looking at it, the blob.

#include <kinode/process.h>

void init(kinode::Address) {
  while (true) {
    auto event = kinode::receive();
    if (!event || !event->expects_response()) continue;
    kinode::respond({.inherit = true, .body = event->body(), .metadata = event->metadata()});
  }
}
