// The smallest process: answers every request with `alive`.

#include <kinode/process.h>

void init(kinode::Address) {
  while (true) {
    auto event = kinode::receive();
    if (event && event->expects_response()) kinode::respond({.body = "alive"});
  }
}
