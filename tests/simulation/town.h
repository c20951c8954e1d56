// Town: one simulation of several nodes, from its seed to its end: kernels with processes, and a network between
// them with which much goes wrong. When that is over everything must come to rest. What is wrong is thrown as a
// Violation; the same seed gives the same simulation. One thread; several towns may be beside each other.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "kernel/testing/manual_clock.h"
#include "peer.h"
#include "trace.h"
#include "wires.h"

namespace kinode::simulation {

class Town {
 public:
  Town(uint64_t seed, Trace& trace);
  ~Town();
  Town(const Town&) = delete;
  Town& operator=(const Town&) = delete;

  /// All of it.
  void run();

 private:
  class Site;

  [[nodiscard]] Address anybody();
  void stimulate();
  /// Somebody ends, is made, or is given the right to use the network or loses it.
  void change_somebody(Site& site);
  void pass_time(std::chrono::milliseconds time);
  void step(const std::function<void()>& what);
  /// False: nothing is ready.
  bool run_ready();
  void come_to_rest();

  Choices choices_;
  kernel::testing::ManualClock clock_;
  const Instant begin_ = clock_.now();
  Trace& trace_;
  kernel::Limits limits_;
  Ledger ledger_;
  TownScene scene_;
  Wires wires_;
  std::vector<std::unique_ptr<Site>> sites_;
  uint64_t steps_ = 0;
};

}  // namespace kinode::simulation
