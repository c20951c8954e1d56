// Many processes.
//
//   stand COUNT          starts idle ones and leaves them
//   start COUNT          starts echoes, each asked once before the next is started, until one does not answer; then
//                        how many did
//   end                  ends those
//   make-pairs COUNT     starts clients, each with an echo of its own
//   pairs COUNT SIZE     has all of them make COUNT round trips at once
//   make-senders COUNT   starts clients for one sink
//   fan-in COUNT SIZE    has all of them send COUNT messages at once

#include "driver.h"

namespace bench {

Outcome Driver::crowds(Order order) {
  const std::string_view name = order.name();
  const uint64_t count = order.number();
  if (name == "stand") return stand(count);
  if (name == "start") return start(count);
  if (name == "end") return end();
  if (name == "make-pairs") return make_pairs(count);
  if (name == "pairs") return pairs(count, order.number());
  if (name == "make-senders") return make_senders(count);
  if (name == "fan-in") return fan_in(count, order.number());
  return "";
}

Outcome Driver::stand(uint64_t count) {
  for (uint64_t i = 0; i < count; ++i) {
    if (!spawn("idle")) return failed("the node starts no more");
  }
  return ok();
}

Outcome Driver::start(uint64_t count) {
  const kinode::Request request{.expects_response = timeout_s, .body = "?"};
  const size_t before = started_.size();
  started_.reserve(before + count);
  const Stopwatch watch;
  for (uint64_t i = 0; i < count; ++i) {
    const auto child = spawn("echo");
    if (!child || !kinode::send_and_await(*child, request)) break;
    started_.push_back(*child);
  }
  return ok({watch.nanoseconds(), started_.size() - before});
}

Outcome Driver::end() {
  const kinode::Request request{.expects_response = timeout_s, .body = "end"};
  for (const kinode::Address& child : started_) {
    if (!kinode::send_and_await(child, request)) return failed("an end");
  }
  started_.clear();
  return ok();
}

Outcome Driver::make_pairs(uint64_t count) {
  for (uint64_t i = 0; i < count; ++i) {
    const auto echo = spawn("echo");
    if (!echo) return failed("the node starts no echo");
    const auto client = spawn("client", {.acquaintance = *echo});
    if (!client) return failed("the node starts no client");
    pairs_.push_back({*client, echo->text()});
  }
  return ok();
}

Outcome Driver::make_senders(uint64_t count) {
  const kinode::Address& sink = partner(sink_, "sink");
  for (uint64_t i = 0; i < count; ++i) {
    const auto client = spawn("client", {.acquaintance = sink});
    if (!client) return failed("the node starts no client");
    senders_.push_back({*client, sink.text()});
  }
  return ok();
}

std::optional<uint64_t> Driver::tell_all(const std::vector<Pair>& pairs, const std::string& order) {
  for (const Pair& pair : pairs) {
    kinode::send(
        {.target = pair.client, .request = {.expects_response = timeout_s, .body = order, .metadata = pair.target}});
  }
  uint64_t sum = 0;
  bool all_well = true;
  for (size_t i = 0; i < pairs.size(); ++i) {
    const auto event = kinode::receive();
    all_well = all_well && event && event->body().text().starts_with("ok");
    if (!all_well) continue;
    Order answer(event->body().text());
    answer.number();
    sum += answer.number();
  }
  if (!all_well) return std::nullopt;
  return sum;
}

Outcome Driver::pairs(uint64_t count, uint64_t size) {
  const Stopwatch watch;
  if (!tell_all(pairs_, "round-trips " + std::to_string(count) + " " + std::to_string(size))) return failed("a pair");
  return ok({watch.nanoseconds()});
}

Outcome Driver::fan_in(uint64_t count, uint64_t size) {
  const Stopwatch watch;
  const auto received = tell_all(senders_, "flood " + std::to_string(count) + " " + std::to_string(size));
  if (received != count * senders_.size()) return failed("messages were lost, or a sender");
  return ok({watch.nanoseconds()});
}

}  // namespace bench
