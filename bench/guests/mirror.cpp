// Sends a blob back without looking at it.

#include <kinode/process.h>

void init(kinode::Address) {
  while (true) {
    auto event = kinode::receive();
    if (event && event->expects_response()) kinode::respond({.inherit = true});
  }
}
