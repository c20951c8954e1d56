// Answers; with body `crash` it crashes instead.

#include <kinode/process.h>

void init(kinode::Address) {
  while (true) {
    auto event = kinode::receive();
    if (!event || !event->expects_response()) continue;
    if (event->body().text() == "crash") kinode::crash("told to crash");
    kinode::respond({});
  }
}
