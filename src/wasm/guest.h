// WasmProcess: a component run as a process of the kernel.
//
// Its first poll asks the cache for the component and waits, if it must be read or compiled; then the
// guest's `init` runs, a slice at a time, until it returns or is stopped. A guest that cannot be
// compiled or started ends as one that crashed, so that its on-exit is heeded (kernel.md 16, S1, S12).
//
// The reason of a crash tells, a part each: what happened, in one line; where, as the guest's functions;
// the end of what it wrote to standard error.
//
// The engine and the compiler may call back after the process is gone: they hold only the kernel's
// entry, weakly.
#pragma once

#include <engine.h>

#include <memory>
#include <string>

#include "kernel/process.h"
#include "wasm/component_cache.h"
#include "wasm/guest_host.h"
#include "wasm/machine_room.h"
#include "wasm/process_limits.h"

namespace kinode::wasm {

/// What all guests have in common.
struct GuestSettings {
  ProcessLimits limits;
  OutputLimits output;
};

class WasmProcess final : public kernel::Process {
 public:
  /// `settings` and `cache` must outlive it. `tmp_folder` may be empty.
  WasmProcess(kernel::ProcessContext& context, const kernel::Program& program, const GuestSettings& settings,
              ComponentCache& cache, std::string tmp_folder, MachineRoom::Place place);
  ~WasmProcess() override;

  Poll poll() override;

  /// Of linear memory.
  [[nodiscard]] uint64_t memory() const override { return process_ == nullptr ? 0 : kn_process_memory(process_); }

 private:
  struct Arrival;
  // What is needed until the guest runs.
  struct Beginning {
    Bytes wasm;
    std::string name;
    std::string tmp_folder;
    std::shared_ptr<Arrival> arrival;  // once the cache was asked
  };

  std::optional<ComponentCache::Found> find_component();
  void start(const Component& component);
  kernel::Exit exit();

  kernel::ProcessContext& context_;
  const GuestSettings& settings_;
  ComponentCache& cache_;
  MachineRoom::Place place_;
  std::unique_ptr<Beginning> beginning_;
  GuestHost host_;
  kn_process* process_ = nullptr;
};

}  // namespace kinode::wasm
