// Passes every request on, with its blob, without looking at either: the answer goes straight to the first
// sender. Metadata is the address to pass to; `await ADDRESS`: waits for the answer and sends it back itself.

#include <kinode/process.h>

namespace {

constexpr std::string_view await_word = "await ";
constexpr uint64_t timeout_s = 30;

void forward(const kinode::Message& message) {
  std::string_view to = message.metadata() ? std::string_view(*message.metadata()) : std::string_view();
  const bool await = to.starts_with(await_word);
  if (await) to.remove_prefix(await_word.size());
  const auto target = kinode::Address::parse(to);
  if (!target) return;
  if (!await) {
    kinode::send({.target = *target, .request = {.inherit = true, .body = message.body()}});
    return;
  }
  auto answer =
      kinode::send_and_await(*target, {.inherit = true, .expects_response = timeout_s, .body = message.body()});
  if (answer) kinode::respond({.inherit = true, .body = answer->body()});
}

}  // namespace

void init(kinode::Address) {
  while (true) {
    auto event = kinode::receive();
    if (event && event->is_request()) forward(*event);
  }
}
