// Engine: the one Wasm engine of a node, and the clock of its pre-emption.
//
// A guest that runs longer than a tick gives way (engine.h). Ticks come from a thread of the engine's
// own, about one in a millisecond while some worker is awake; it sleeps while all do. It must not have
// a lower priority than the workers: a guest in an endless loop ends its slice by it alone.
//
// Who composes the node wires the two together:
//
//   std::shared_ptr<Engine> engine = *Engine::start({});
//   WorkerPool pool({.on_active = [=] { engine->on_active(); }, .preempt = [=] { engine->tick(); }});
//   engine->tick_for(pool);
//   ...
//   pool.stop();            // needs the ticks: a looping guest would not end its poll
//   engine->stop_ticking();
//
// Lifetime: components and processes hold the engine; it goes with the last of them.
// Threads: any, where not said otherwise.
#pragma once

#include <engine.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>

#include "base/result.h"
#include "base/worker_pool.h"

namespace kinode::wasm {

struct EngineSettings {
  /// Address space reserved for each linear memory, and guarded behind it. With 4 GiB loops that read
  /// much memory run about a fifth faster, but the machine's address space ends at some 32 000
  /// processes and its default count of memory maps at some 9 000. With 0 a process takes hardly a map.
  uint64_t memory_reservation = 0;
  uint64_t memory_guard = 0;
  /// Address space reserved behind each memory of a process that is not dense (machine_room.h). A memory
  /// that grows by small steps is copied once for each so much; that of a dense process at each step.
  uint64_t memory_growth = uint64_t{256} << 20;
  /// Bytes of stack that a guest may use, and those of a whole fiber with the host's part.
  size_t wasm_stack = size_t{512} << 10;
  size_t fiber_stack = size_t{1} << 20;
  /// The time between ticks.
  std::chrono::microseconds tick{1'000};
};

class Engine {
 public:
  static Result<std::shared_ptr<Engine>> start(const EngineSettings& settings);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  [[nodiscard]] kn_engine* get() const { return engine_; }
  [[nodiscard]] const EngineSettings& settings() const { return settings_; }
  [[nodiscard]] uint64_t compatibility_hash() const { return kn_engine_compatibility_hash(engine_); }

  /// Has every guest that runs now give way soon.
  void tick() { kn_engine_tick(engine_); }

  /// Starts the thread that ticks, and nudges the pool, while it is active. Once. `pool` must live until
  /// `stop_ticking`.
  void tick_for(WorkerPool& pool);
  /// For WorkerPool::Options::on_active.
  void on_active();
  /// Not to be called by a worker.
  void stop_ticking();

 private:
  Engine(kn_engine* engine, const EngineSettings& settings) : engine_(engine), settings_(settings) {}
  void keep_ticking(WorkerPool& pool);

  kn_engine* const engine_;
  const EngineSettings settings_;

  std::atomic<bool> asleep_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace kinode::wasm
