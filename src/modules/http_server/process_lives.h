// ProcessLives: tells when a process's life ends, so that what it bound or had open goes with it.
//
// Any thread.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "kernel/process_context.h"
#include "types/address.h"

namespace kinode::modules {

/// One life of a process, from its start to its end; a restart begins another.
struct ProcessLife {
  explicit ProcessLife(ProcessId process) : process(std::move(process)) {}
  const ProcessId process;
  std::atomic<bool> is_over = false;
};

class ProcessLives {
 public:
  using Ended = std::function<void(const std::shared_ptr<ProcessLife>&)>;
  /// Runs work soon, on another thread; it need not run after the end of who made this.
  using Post = std::function<void(std::function<void()>)>;

  /// `ended` is called by way of `post`, for each life that was asked for.
  ProcessLives(kernel::ProcessContext& context, Post post, Ended ended);
  /// Nothing is called after it.
  ~ProcessLives();
  ProcessLives(const ProcessLives&) = delete;
  ProcessLives& operator=(const ProcessLives&) = delete;

  /// The life that the process has now; null if there is no such process.
  std::shared_ptr<ProcessLife> of(const ProcessId& process);

 private:
  struct State;
  kernel::ProcessContext& context_;
  /// Shared with the kernel, which may tell of an end when this is gone.
  std::shared_ptr<State> state_;
};

}  // namespace kinode::modules
