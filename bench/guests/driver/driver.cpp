#include "driver.h"

namespace bench {

std::optional<kinode::Address> Driver::spawn(std::string_view component, Start start) {
  kinode::Child child{.name = std::move(start.name),
                      .wasm_path = our_.process.package().text() + "/pkg/bench-" + std::string(component) + ".wasm",
                      .on_exit = std::move(start.on_exit)};
  if (start.acquaintance) {
    child.request_capabilities.push_back({*start.acquaintance, std::string(kinode::messaging)});
    child.grant_capabilities.push_back({start.acquaintance->process, std::string(kinode::messaging)});
  }
  const auto id = kinode::spawn(child);
  if (!id) return std::nullopt;
  return kinode::Address{our_.node, *id};
}

const kinode::Address& Driver::partner(std::optional<kinode::Address>& place, std::string_view component) {
  if (!place) place = spawn(component);
  if (!place) kinode::crash("the node starts no " + std::string(component));
  return *place;
}

Outcome Driver::carry_out(Order order) {
  for (const auto part : {&Driver::messages, &Driver::crowds, &Driver::lives, &Driver::files, &Driver::stores}) {
    Outcome outcome = (this->*part)(order);
    if (!outcome || !outcome->empty()) return outcome;
  }
  return failed("no such order: " + std::string(order.name()));
}

}  // namespace bench

void init(kinode::Address our) {
  bench::Driver driver(our);
  while (true) {
    auto event = kinode::receive();
    if (!event || !event->expects_response()) continue;
    bench::answer(driver.carry_out(bench::Order(event->body().text())));
  }
}
