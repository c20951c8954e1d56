// Saves the body of each request as its state, and answers.

#include <kinode/process.h>

void init(kinode::Address) {
  while (true) {
    auto event = kinode::receive();
    if (!event || !event->expects_response()) continue;
    kinode::set_state(event->body());
    kinode::respond({});
  }
}
