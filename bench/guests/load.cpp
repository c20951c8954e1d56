#include "load.h"

namespace bench {

Outcome round_trips(const kinode::Address& to, uint64_t count, uint64_t size) {
  const kinode::Request request{.expects_response = timeout_s, .body = kinode::Bytes::filled(size, 'x')};
  const Stopwatch watch;
  for (uint64_t i = 0; i < count; ++i) {
    const auto response = kinode::send_and_await(to, request);
    if (!response || response->body().size() != size) return failed("a round trip");
  }
  return ok({watch.nanoseconds()});
}

Outcome flood(const kinode::Address& to, uint64_t count, uint64_t size) {
  const kinode::Outgoing message{.target = to, .request = {.body = kinode::Bytes::filled(size, 'x')}};
  const Stopwatch watch;
  for (uint64_t i = 0; i < count; ++i) kinode::send(message);
  const auto last = kinode::send_and_await(to, {.expects_response = timeout_s});
  if (!last) return failed("the end of a flood");
  return ok({watch.nanoseconds(), Order("received " + last->body().string()).number()});
}

Outcome blobs(const kinode::Address& to, uint64_t count, uint64_t size) {
  const kinode::Blob blob{.bytes = kinode::Bytes::filled(size, 'x')};
  const kinode::Request request{.expects_response = timeout_s};
  const Stopwatch watch;
  for (uint64_t i = 0; i < count; ++i) {
    if (!kinode::send_and_await(to, request, &blob)) return failed("a request with a blob");
    const auto back = kinode::get_blob();
    if (!back || back->bytes.size() != size || back->bytes.data()[size - 1] != 'x') return failed("a blob's way back");
  }
  return ok({watch.nanoseconds()});
}

Outcome uploads(const kinode::Address& to, uint64_t count, uint64_t size, uint64_t window) {
  const kinode::Outgoing message{.target = to,
                                 .request = {.expects_response = timeout_s, .body = "x"},
                                 .blob = kinode::Blob{.bytes = kinode::Bytes::filled(size, 'x')}};
  const Stopwatch watch;
  uint64_t sent = 0;
  for (; sent < std::min(count, window); ++sent) kinode::send(message);
  for (uint64_t answered = 0; answered < count; ++answered) {
    const auto event = kinode::receive();
    if (!event || event->is_request()) return failed("an upload");
    if (sent == count) continue;
    ++sent;
    kinode::send(message);
  }
  return ok({watch.nanoseconds()});
}

}  // namespace bench
