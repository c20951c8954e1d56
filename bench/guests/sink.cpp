// Counts what expects no response; asked, it tells how many came since it was asked last.

#include <kinode/process.h>

#include <string>

void init(kinode::Address) {
  uint64_t count = 0;
  while (true) {
    auto event = kinode::receive();
    if (!event) continue;
    if (event->expects_response()) {
      kinode::respond({.body = std::to_string(std::exchange(count, 0))});
    } else {
      ++count;
    }
  }
}
