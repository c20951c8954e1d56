// Has the blob of a request passed to the process whose address stands in the metadata, and back, as often as the
// body says; never looks at it. Answers the nanoseconds.

#include "order.h"

namespace {

bench::Outcome pass(const kinode::Message& message) {
  const auto target = kinode::Address::parse(message.metadata().value_or(""));
  if (!target) return bench::failed("no address");
  const uint64_t count = bench::Order(message.body().text()).number();
  const kinode::Request request{.inherit = true, .expects_response = bench::timeout_s};
  const bench::Stopwatch watch;
  for (uint64_t i = 0; i < count; ++i) {
    if (!kinode::send_and_await(*target, request) || !kinode::has_blob()) return bench::failed("the blob was lost");
  }
  return bench::ok({watch.nanoseconds()});
}

}  // namespace

void init(kinode::Address) {
  while (true) {
    auto event = kinode::receive();
    if (event && event->expects_response()) bench::answer(pass(*event));
  }
}
