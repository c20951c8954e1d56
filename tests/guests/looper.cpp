// Loops for ever, and never calls the node again, at the first request. With body `answer first` it answers
// `looping` before; with body `send first` it sends `looping` to the sender as a request before.

#include <kinode/process.h>

void init(kinode::Address) {
  while (true) {
    auto event = kinode::receive();
    if (!event || !event->is_request()) continue;
    const std::string_view order = event->body().text();
    if (order == "answer first") kinode::respond({.body = "looping"});
    if (order == "send first") kinode::send({.target = event->source, .request = {.body = "looping"}});
    for (volatile uint64_t rounds = 0;;) rounds = rounds + 1;
  }
}
