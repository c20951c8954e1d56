// World: one simulation, from its seed to its end. It drives a node with stimuli, lets it come to rest,
// ends it, and checks after every step that everything holds; what does not is thrown as a Violation.
//
// The same seed gives the same simulation. One thread; several worlds may run beside each other.
#pragma once

#include "node.h"

namespace kinode::simulation {

class World {
 public:
  World(uint64_t seed, Trace& trace);

  /// All of it.
  void run();

 private:
  void stimulate(Stimulus stimulus);
  void make_guest();
  void operate(Stimulus stimulus);
  void step(const std::function<void()>& what);
  void run_ready();
  /// Nobody drives it any more: it must come to rest.
  void come_to_rest();
  /// Everybody ends: nothing may be left.
  void finish();

  Choices choices_;
  Profile profile_;
  kernel::testing::ManualClock clock_;
  const Instant begin_ = clock_.now();
  Trace& trace_;
  Model model_;
  Scene scene_;
  Author author_;
  Node node_;
  uint64_t steps_ = 0;
};

}  // namespace kinode::simulation
