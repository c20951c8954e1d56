// Node: a kernel with all that surrounds it, moved by hand, and the model beside it. It boots, crashes,
// stops and boots again; its clock and its disk go on.
#pragma once

#include <memory>
#include <vector>

#include "kernel/kernel.h"
#include "kernel/testing/manual_clock.h"
#include "kernel/testing/seeded_random.h"
#include "module_actor.h"
#include "scene.h"
#include "tasks.h"

namespace kinode::simulation {

class Node {
 public:
  Node(Scene& scene, kernel::testing::ManualClock& clock, uint64_t seed);
  ~Node();
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  // ---- as a whole -------------------------------------------------------------------------------

  void boot();
  /// It is gone, with the writes that were not flushed, but for some that the disk had taken.
  void crash();
  /// It is told to stop, does, and everything is flushed.
  void stop();

  // ---- its parts --------------------------------------------------------------------------------

  [[nodiscard]] kernel::Kernel& kernel() { return *kernel_; }
  [[nodiscard]] Store& store() { return *store_; }
  [[nodiscard]] ModuleActor& gate() { return *gate_; }
  [[nodiscard]] size_t ready() const { return tasks_->ready(); }
  /// Runs the ready task at `index`.
  void run(size_t index);
  void poke(size_t index);
  void pass_time(std::chrono::milliseconds time);
  [[nodiscard]] std::optional<Instant> next_deadline() const { return kernel_->next_deadline(); }
  void answer_reads();

  // ---- what must hold ---------------------------------------------------------------------------

  /// After every step.
  void check();
  /// When no task is ready.
  void check_leaks() const;

 private:
  class Programs;
  class Silence;

  void add_module(const Address& address, bool is_public, ModuleActor::Role role);
  void load();
  void install();
  void run_all();
  void drop();
  void note_entry(kernel::ProcessContext& context, Life& life);
  void check_processes() const;

  Scene& scene_;
  kernel::testing::ManualClock& clock_;
  kernel::testing::SeededRandom random_;
  std::unique_ptr<Silence> printer_;
  std::unique_ptr<Programs> programs_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Tasks> tasks_;
  std::unique_ptr<kernel::Kernel> kernel_;
  ModuleActor* gate_ = nullptr;  // the kernel's

  struct Entry {
    Life* life;
    std::weak_ptr<kernel::ProcessEntry> entry;
  };
  std::vector<Entry> entries_;  // of all processes made since boot
  uint64_t checked_changes_ = 0;
  uint64_t checked_writes_ = 0;
};

}  // namespace kinode::simulation
