// Processes that last, that crash, and that never end.
//
//   make-savers COUNT      starts processes that save their state at each request
//   save COUNT SIZE        COUNT requests to each of them, SIZE bytes to save; each has one at any time
//   make-crashers COUNT    starts processes that are to be restarted
//   storm                  has all of them crash at once, and waits until each answers again
//   hogs COUNT mute|talk   starts endless loops; those that talk answer a thousand messages before

#include <algorithm>

#include "../load.h"
#include "driver.h"

namespace bench {

Outcome Driver::lives(Order order) {
  const std::string_view name = order.name();
  const uint64_t count = order.number();
  if (name == "make-savers") return make_savers(count);
  if (name == "save") return save(count, order.number());
  if (name == "make-crashers") return make_crashers(count);
  if (name == "storm") return storm();
  if (name == "hogs") return hogs(order.word() == "mute", count);
  return "";
}

Outcome Driver::make_savers(uint64_t count) {
  for (uint64_t i = 0; i < count; ++i) {
    const auto child = spawn("saver");
    if (!child) return failed("the node starts no saver");
    savers_.push_back(*child);
  }
  return ok();
}

Outcome Driver::save(uint64_t count, uint64_t size) {
  kinode::Outgoing message{.target = our_,
                           .request = {.expects_response = timeout_s, .body = kinode::Bytes::filled(size, 'x')}};
  const Stopwatch watch;
  for (const kinode::Address& saver : savers_) {
    message.target = saver;
    kinode::send(message);
  }
  uint64_t left = savers_.size() * (count - 1);
  for (uint64_t answers = savers_.size() * count; answers > 0; --answers) {
    const auto event = kinode::receive();
    if (!event || event->is_request()) return failed("a save");
    if (left == 0) continue;
    --left;
    message.target = event->source;
    kinode::send(message);
  }
  return ok({watch.nanoseconds()});
}

Outcome Driver::make_crashers(uint64_t count) {
  crashers_.clear();
  for (uint64_t i = 0; i < count; ++i) {
    const auto child = spawn("crasher", {.on_exit = {.kind = kinode::OnExit::Kind::restart}});
    if (!child) return failed("the node starts no crasher");
    if (!kinode::send_and_await(*child, {.expects_response = timeout_s})) return failed("a crasher's first answer");
    crashers_.push_back(*child);
  }
  return ok();
}

Outcome Driver::storm() {
  const Stopwatch watch;
  for (const kinode::Address& crasher : crashers_) {
    kinode::send({.target = crasher, .request = {.expects_response = timeout_s, .body = "crash"}});
  }
  for (size_t answers = 0; answers < crashers_.size();) {
    const auto event = kinode::receive();
    if (event) {
      ++answers;
    } else {
      // A request ends with an error when the life that could answer it does: then the next life is there.
      kinode::send({.target = event.error().target, .request = {.expects_response = timeout_s}});
    }
  }
  return ok({watch.nanoseconds()});
}

Outcome Driver::hogs(bool mute, uint64_t count) {
  constexpr uint64_t messages_before = 1000;
  for (uint64_t i = 0; i < count; ++i) {
    const auto hog = spawn("hog", {.name = (mute ? "mute-" : "talk-") + std::to_string(i)});
    if (!hog) return failed("the node starts no hog");
    if (mute) continue;
    const Outcome before = round_trips(*hog, messages_before, 100);
    if (!before) return before;
    const auto looping = kinode::send_and_await(*hog, {.expects_response = timeout_s, .body = "loop"});
    if (!looping) return failed("a hog");
  }
  return ok();
}

}  // namespace bench
