// WasmFactory: makes the kernel's processes of components. See guest.h for what it makes.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "kernel/process.h"
#include "wasm/component_cache.h"
#include "wasm/guest.h"
#include "wasm/machine_room.h"
#include "wasm/process_limits.h"

namespace kinode::wasm {

class WasmFactory final : public kernel::ProcessFactory {
 public:
  struct Options {
    ProcessLimits limits = {};
    OutputLimits output = {};
    MachineLimits machine = {};
    /// The host folder that a process of this id sees as /tmp, which must exist; empty: it has none.
    /// Called on the thread that makes the process.
    std::function<std::string(const ProcessId&)> tmp_folder = {};
  };
  /// `cache` and the factory must outlive the processes.
  WasmFactory(const Engine& engine, ComponentCache& cache, Options options);

  Result<void> inspect(const kernel::Program& program) override;
  Bytes deduplicate(Bytes wasm) override { return cache_.deduplicate(std::move(wasm)); }
  /// Any thread. Fails where the machine has no room for one more process: the text names the limit and
  /// tells how to raise it.
  Result<std::unique_ptr<kernel::Process>> make(kernel::ProcessContext& context,
                                                const kernel::Program& program) override;

  /// Guests that live.
  [[nodiscard]] size_t processes() const { return room_->processes(); }

 private:
  ComponentCache& cache_;
  const GuestSettings settings_;
  const std::function<std::string(const ProcessId&)> tmp_folder_;
  const std::shared_ptr<MachineRoom> room_;
};

}  // namespace kinode::wasm
