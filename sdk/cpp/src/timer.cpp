#include "kinode/timer.h"

#include <string>
#include <utility>

namespace kinode {

namespace {

Outgoing timer_request(uint64_t milliseconds) {
  Outgoing outgoing{.target = Address::local("timer:distro:sys")};
  // One second more than asked for, rounded down: the timer answers by then or something is wrong.
  outgoing.request.expects_response = milliseconds / 1000 + 2;
  outgoing.request.body = "{\"SetTimer\":" + std::to_string(milliseconds) + "}";
  return outgoing;
}

}  // namespace

void set_timer(uint64_t milliseconds, std::optional<Bytes> context) {
  Outgoing outgoing = timer_request(milliseconds);
  outgoing.context = std::move(context);
  send(outgoing);
}

void sleep(uint64_t milliseconds) {
  const Outgoing outgoing = timer_request(milliseconds);
  // In vain or not, there is nothing to do but go on.
  (void)send_and_await(outgoing.target, outgoing.request);
}

}  // namespace kinode
