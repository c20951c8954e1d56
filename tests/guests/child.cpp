// The smallest process: it tells its parent, who sends it the first message, that it lives.

#include <kinode/process.h>

void init(kinode::Address) {
  while (true) {
    auto event = kinode::receive();
    if (event && event->expects_response()) kinode::respond({.body = "alive"});
  }
}
