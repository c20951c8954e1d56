// Loops for ever. One whose name begins with `mute` does so from its start and sees no message; others answer a
// thousand first, and loop at the request `loop`.

#include <kinode/process.h>

namespace {

[[noreturn]] void loop() {
  for (volatile uint64_t rounds = 0;;) rounds = rounds + 1;
}

}  // namespace

void init(kinode::Address our) {
  if (our.process.process_name.starts_with("mute")) loop();
  while (true) {
    auto event = kinode::receive();
    if (!event || !event->expects_response()) continue;
    kinode::respond({.body = event->body()});
    if (event->body().text() == "loop") loop();
  }
}
