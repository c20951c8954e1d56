#include "wasm/engine.h"

#include <pthread.h>
#include <sys/prctl.h>

#include <string>
#include <string_view>

#include "base/check.h"

namespace kinode::wasm {

Result<std::shared_ptr<Engine>> Engine::start(const EngineSettings& settings) {
  kn_engine_options options{.memory_reservation = settings.memory_reservation,
                            .memory_guard = settings.memory_guard,
                            .memory_growth = settings.memory_growth,
                            .wasm_stack = settings.wasm_stack,
                            .fiber_stack = settings.fiber_stack};
  kn_text error{};
  kn_engine* engine = kn_engine_new(&options, &error);
  if (engine == nullptr) {
    std::string reason(std::string_view(error.data, error.size));
    kn_text_delete(error);
    return fail("the Wasm engine does not start: {}", reason);
  }
  return std::shared_ptr<Engine>(new Engine(engine, settings));
}

Engine::~Engine() {
  stop_ticking();
  kn_engine_delete(engine_);
}

void Engine::tick_for(WorkerPool& pool) {
  KINODE_CHECK(!thread_.joinable());
  thread_ = std::thread([this, &pool] { keep_ticking(pool); });
  pthread_setname_np(thread_.native_handle(), "ticker");
}

void Engine::keep_ticking(WorkerPool& pool) {
  // Ticks after the last worker went to sleep: one that wakes at once needs not wake this thread too.
  constexpr int patience = 20;
  prctl(PR_SET_TIMERSLACK, 10'000UL);  // nanoseconds; the default is a twentieth of a tick
  int idle = 0;
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    changed_.wait_for(lock, settings_.tick, [this] { return stopping_; });
    if (pool.active() > 0) {
      idle = 0;
      tick();
      pool.nudge();
      continue;
    }
    if (++idle < patience) {
      continue;
    }
    // Said before the last look: a worker that wakes after it finds it said.
    asleep_ = true;
    if (pool.active() == 0) {
      changed_.wait(lock, [this] { return stopping_ || !asleep_; });
    }
    asleep_ = false;
    idle = 0;
  }
}

void Engine::on_active() {
  if (asleep_.load()) {
    {
      std::lock_guard lock(mutex_);
      asleep_ = false;
    }
    changed_.notify_one();
  }
}

void Engine::stop_ticking() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) {
    thread_.join();
  }
}

}  // namespace kinode::wasm
