// Counts what it is asked, over all its lives.

#include <kinode/process.h>

#include <charconv>
#include <string>

void init(kinode::Address) {
  uint64_t count = 0;
  if (auto saved = kinode::get_state()) {
    const std::string_view text = saved->text();
    std::from_chars(text.data(), text.data() + text.size(), count);
  }
  while (true) {
    auto event = kinode::receive();
    if (!event || !event->is_request()) continue;
    const std::string now = std::to_string(++count);
    kinode::set_state(kinode::Bytes(now));
    kinode::respond({.body = "asked " + now + (count == 1 ? " time" : " times")});
  }
}
