// Does with CAF's actors what bench/guests do in a node: an order on each line of the input, an answer on each line of
// the output, the first number of which is the nanoseconds that the work took.

#include <chrono>
#include <iostream>
#include <map>
#include <sstream>

#include "caf_actors.h"

namespace bench {
namespace {

caf::behavior idle(caf::event_based_actor*) {
  return {[](Tell, const std::string&) {}};
}

class Peer {
 public:
  explicit Peer(caf::actor_system& system)
      : system_(system),
        self_(system),
        echo_(system.spawn(echo)),
        sink_(system.spawn(sink)),
        client_(system.spawn(client)) {}

  /// The answer's numbers.
  std::string carry_out(const std::string& line) {
    std::istringstream words(line);
    std::string name;
    uint64_t count = 0;
    uint64_t size = 0;
    words >> name >> count >> size;
    if (name == "round-trips") return ask(client_, RoundTrips::value, echo_, count, size);
    if (name == "blobs") return ask(client_, Read::value, echo_, count, size);
    if (name == "flood") return ask(client_, Flood::value, sink_, count, size);
    if (name == "relay") return ask(client_, Pass::value, echo_, count, size);
    if (name == "start") return ask(client_, Start::value, count);
    if (name == "end") return end();
    if (name == "stand") return stand(count);
    if (name == "make-pairs") return make(pairs_, count, false);
    if (name == "make-senders") return make(senders_, count, true);
    if (name == "pairs") return all(pairs_, RoundTrips::value, count, size);
    if (name == "fan-in") return all(senders_, Flood::value, count, size);
    return "failed no such order";
  }

  ~Peer() {
    for (const auto& actor : standing_) caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
  }

 private:
  using Pairs = std::vector<std::pair<caf::actor, caf::actor>>;

  template <class... Parts>
  std::string ask(const caf::actor& to, const Parts&... parts) {
    std::string answer = "failed";
    self_->request(to, caf::infinite, parts...)
        .receive([&](uint64_t nanoseconds, uint64_t counted) { answer = text_of(nanoseconds, counted); },
                 [&](const caf::error& error) { answer = "failed " + system_.render(error); });
    return answer;
  }

  std::string end() {
    self_->send(client_, Done::value);
    return "ok";
  }

  std::string stand(uint64_t count) {
    for (uint64_t i = 0; i < count; ++i) standing_.push_back(system_.spawn(idle));
    return "ok";
  }

  std::string make(Pairs& pairs, uint64_t count, bool one_target) {
    for (uint64_t i = 0; i < count; ++i) {
      pairs.emplace_back(system_.spawn(client), one_target ? sink_ : system_.spawn(echo));
    }
    return "ok";
  }

  template <class Kind>
  std::string all(const Pairs& pairs, Kind kind, uint64_t count, uint64_t size) {
    const auto begin = std::chrono::steady_clock::now();
    std::vector<decltype(self_->request(client_, caf::infinite, kind, sink_, count, size))> requests;
    for (const auto& [actor, target] : pairs) {
      requests.push_back(self_->request(actor, caf::infinite, kind, target, count, size));
    }
    uint64_t counted = 0;
    bool all_well = true;
    for (auto& request : requests) {
      request.receive([&](uint64_t, uint64_t each) { counted += each; }, [&](const caf::error&) { all_well = false; });
    }
    if (!all_well) return "failed";
    return text_of(since(begin), counted);
  }

  static uint64_t since(std::chrono::steady_clock::time_point begin) {
    return static_cast<uint64_t>(std::chrono::nanoseconds(std::chrono::steady_clock::now() - begin).count());
  }
  static std::string text_of(uint64_t nanoseconds, uint64_t counted) {
    return "ok " + std::to_string(nanoseconds) + " " + std::to_string(counted);
  }

  caf::actor_system& system_;
  caf::scoped_actor self_;
  caf::actor echo_;
  caf::actor sink_;
  caf::actor client_;
  std::vector<caf::actor> standing_;
  Pairs pairs_;
  Pairs senders_;
};

void caf_main(caf::actor_system& system) {
  Peer peer(system);
  std::cout << "ready" << std::endl;
  for (std::string line; std::getline(std::cin, line);) std::cout << peer.carry_out(line) << std::endl;
  std::_Exit(0);  // whatever its actors do
}

}  // namespace
}  // namespace bench

int main() {
  caf::actor_system_config config;
  caf::actor_system system(config);
  bench::caf_main(system);
}
