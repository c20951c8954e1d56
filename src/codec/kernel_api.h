// The commands of kernel:distro:sys and its answers, in the JSON that processes use (kernel.md 8).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "types/message.h"

namespace kinode::codec {

struct InitializeProcess {
  ProcessId id;
  std::string wasm_bytes_handle;
  std::optional<uint32_t> wit_version;
  OnExit on_exit;
  std::vector<Capability> initial_capabilities;
  bool is_public = false;
};
struct RunProcess {
  ProcessId id;
};
struct KillProcess {
  ProcessId id;
};
struct GrantCapabilities {
  ProcessId target;
  std::vector<Capability> capabilities;
};
struct DropCapabilities {
  ProcessId target;
  std::vector<Capability> capabilities;
};
struct SetOnExit {
  ProcessId target;
  OnExit on_exit;
};
struct Booted {};
struct Shutdown {};
struct DebugProcessMap {};
struct DebugProcess {
  ProcessId id;
};
struct DebugHasCap {
  ProcessId on;
  Capability capability;
};

using KernelCommand = std::variant<InitializeProcess, RunProcess, KillProcess, GrantCapabilities, DropCapabilities,
                                   SetOnExit, Booted, Shutdown, DebugProcessMap, DebugProcess, DebugHasCap>;

/// Fails with the place of the first thing that is wrong.
Result<KernelCommand> parse_kernel_command(std::string_view json);

/// A process as `Debug` shows it; runtime modules have an empty handle.
struct ProcessMapEntry {
  std::string wasm_bytes_handle;
  std::optional<uint32_t> wit_version;
  OnExit on_exit;
  std::vector<Capability> capabilities;
  bool is_public = false;
};
using ProcessMap = std::map<ProcessId, ProcessMapEntry>;

std::string initialized_process();       // "InitializedProcess"
std::string initialize_process_error();  // "InitializeProcessError"
std::string started_process();           // "StartedProcess"
std::string run_process_error();         // "RunProcessError"
std::string killed_process(const ProcessId& id);
std::string debug_process_map(const ProcessMap& map);
std::string debug_process(const std::optional<ProcessMapEntry>& entry);
std::string debug_has_cap(std::optional<bool> has);

}  // namespace kinode::codec
