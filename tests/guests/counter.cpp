// Counts requests over all its lives: adds one to a saved number and answers with it, as decimal text.
// Body `crash`: crashes after saving, before answering. Body `reset`: starts from zero.

#include <kinode/process.h>

#include <charconv>

namespace {

uint64_t load() {
  const auto state = kinode::get_state();
  uint64_t count = 0;
  if (state) {
    const std::string_view text = state->text();
    std::from_chars(text.data(), text.data() + text.size(), count);
  }
  return count;
}

std::string text_of(uint64_t number) {
  char digits[20];
  return {digits, std::to_chars(digits, digits + sizeof digits, number).ptr};
}

}  // namespace

void init(kinode::Address) {
  uint64_t count = load();
  while (true) {
    auto event = kinode::receive();
    if (!event || !event->is_request()) continue;
    const std::string_view order = event->body().text();
    if (order == "reset") {
      count = 0;
      kinode::clear_state();
    } else {
      ++count;
      kinode::set_state(kinode::Bytes(text_of(count)));
    }
    if (order == "crash") kinode::crash("told to crash");
    if (event->expects_response()) kinode::respond({.body = text_of(count)});
  }
}
