// Crashes over the first thing it is asked.

#include <kinode/process.h>

void init(kinode::Address) {
  (void)kinode::receive();
  kinode::crash("this child crashes, as the tour wants it");
}
