// Messages between two processes.
//
//   round-trips COUNT SIZE   requests to an echo, one after the other
//   flood COUNT SIZE         messages to a sink, as fast as they are taken
//   blobs COUNT SIZE         a blob to an echo and back, read at both ends
//   relay COUNT SIZE         a blob to a process that passes it to another and back, COUNT times, unread
//   latency COUNT SIZE PAUSE as round-trips; then p50, p99 and the longest, in nanoseconds. With a pause, in
//                            milliseconds, it sleeps so long before each: then how much longer that and the round
//                            trip took

#include <kinode/timer.h>

#include <algorithm>

#include "../load.h"
#include "driver.h"

namespace bench {

Outcome Driver::messages(Order order) {
  const std::string_view name = order.name();
  if (name != "round-trips" && name != "flood" && name != "blobs" && name != "relay" && name != "latency") return "";
  const uint64_t count = order.number();
  const uint64_t size = order.number();
  if (name == "flood") return flood(partner(sink_, "sink"), count, size);
  if (name == "blobs") return blobs(partner(echo_, "echo"), count, size);
  if (name == "relay") return relay(count, size);
  if (name == "latency") return latency(count, size, order.number());
  return round_trips(partner(echo_, "echo"), count, size);
}

Outcome Driver::relay(uint64_t count, uint64_t size) {
  const kinode::Address& mirror = partner(mirror_, "mirror");
  if (!relay_) relay_ = spawn("relay", {.acquaintance = mirror});
  if (!relay_) return failed("the node starts no relay");
  const kinode::Blob blob{.bytes = kinode::Bytes::filled(size, 'x')};
  const auto told = kinode::send_and_await(
      *relay_, {.expects_response = timeout_s, .body = "pass " + std::to_string(count), .metadata = mirror.text()},
      &blob);
  if (!told) return failed("the relay does not answer");
  return told->body().string();
}

Outcome Driver::latency(uint64_t count, uint64_t size, uint64_t pause) {
  constexpr uint64_t nanoseconds_of_a_millisecond = 1'000'000;
  const kinode::Address& echo = partner(echo_, "echo");
  const kinode::Request request{.expects_response = timeout_s, .body = kinode::Bytes::filled(size, 'x')};
  std::vector<uint64_t> each(count);
  const Stopwatch watch;
  uint64_t before = watch.nanoseconds();
  for (uint64_t& trip : each) {
    if (pause > 0) kinode::sleep(pause);
    if (!kinode::send_and_await(echo, request)) return failed("a round trip");
    const uint64_t now = watch.nanoseconds();
    const uint64_t slept = pause * nanoseconds_of_a_millisecond;
    trip = now - before - std::min(slept, now - before);
    before = now;
  }
  std::ranges::sort(each);
  return ok({before, each[count / 2], each[count * 99 / 100], each.back()});
}

}  // namespace bench
