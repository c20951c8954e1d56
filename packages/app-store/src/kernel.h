#pragma once

#include <optional>
#include <string>
#include <vector>

#include "manifest.h"

/// Commands to `kernel:distro:sys`. Whoever may message it may do all of this.

namespace app_store::kernel {

/// Ends a process and takes from all others what it had issued. Nothing happens if it does not exist.
void kill(const kinode::ProcessId& process);

/// Makes a process, which does not run yet. Its component is the file at `wasm_path` in the vfs.
bool initialize(const ManifestEntry& entry, const std::string& wasm_path, std::optional<uint64_t> wit_version);

bool run(const kinode::ProcessId& process);

/// Gives capabilities to a process; nothing happens if it does not exist.
void grant(const kinode::ProcessId& process, const std::vector<kinode::Capability>& capabilities);

}  // namespace app_store::kernel
