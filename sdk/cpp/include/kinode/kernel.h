#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kinode/json.h"
#include "kinode/process.h"

/// Commands to `kernel:distro:sys`, each awaited. Whoever may message it may do all of this, and whatever else there
/// is to do on the node: no process should ask for that which can do without.

namespace kinode::kernel {

/// What went wrong, as text.
template <class T>
using Result = std::expected<T, std::string>;

struct NewProcess {
  ProcessId process;
  /// Its component, a file in the vfs.
  std::string wasm_path;
  Json on_exit = "None";
  /// Those that this process does not hold are left out, with a line that says so.
  std::vector<Capability> capabilities{};
  std::optional<uint64_t> wit_version{};
  bool is_public = false;
};

/// Makes a process, which does not run yet. Why it was not made, if so, is printed by the kernel.
Result<void> initialize(const NewProcess& process);
Result<void> run(const ProcessId& process);

/// Ends a process, and takes from all others what it had issued.
Result<void> kill(const ProcessId& process);

/// Gives capabilities, now or when a process of that id is made.
Result<void> grant(const ProcessId& process, const std::vector<Capability>& capabilities);

/// Asks the node to stop; it is not answered.
void shut_down();

/// All processes by their ids, or one, as the kernel shows them: `{"wasm_bytes_handle":text,"on_exit":..,
/// "public":bool,"capabilities":[..],..}`. One that is not there is null.
Result<Json> process_map();
Result<Json> process(const ProcessId& process);

}  // namespace kinode::kernel
