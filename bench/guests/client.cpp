// Puts load on the process whose address stands in the order's metadata: `round-trips COUNT SIZE`,
// `flood COUNT SIZE`, or `uploads COUNT SIZE WINDOW`.

#include "load.h"

namespace {

bench::Outcome carry_out(const kinode::Message& message) {
  const auto target = kinode::Address::parse(message.metadata().value_or(""));
  if (!target) return bench::failed("no address");
  bench::Order order(message.body().text());
  const uint64_t count = order.number();
  const uint64_t size = order.number();
  if (order.name() == "round-trips") return bench::round_trips(*target, count, size);
  if (order.name() == "flood") return bench::flood(*target, count, size);
  if (order.name() == "uploads") return bench::uploads(*target, count, size, order.number());
  return bench::failed("no such order");
}

}  // namespace

void init(kinode::Address) {
  while (true) {
    auto event = kinode::receive();
    if (event && event->expects_response()) bench::answer(carry_out(*event));
  }
}
