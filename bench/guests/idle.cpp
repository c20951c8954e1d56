// Waits. What it is sent it receives, and goes on waiting.

#include <kinode/process.h>

void init(kinode::Address) {
  while (true) (void)kinode::receive();
}
