// manifest.json: the processes that a package starts (packages-and-kit.md 1.4, kernel.md 13.2).
//
// A JSON array with one object for each process, in the order of their start. All seven fields are
// mandatory, unknown ones are ignored. What is wrong with one capability item does not spoil the rest:
// it is left out and told in `problems`, as the reference does.
//
// Values; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "types/message.h"

namespace kinode::package {

/// One item of `request_capabilities` or `grant_capabilities`: a process of this node, and the params as
/// JSON text (`"messaging"` for an item that is a bare string).
struct CapabilityItem {
  ProcessId process;
  std::string params;

  /// Of request_capabilities: what the new process is to hold, issued by the process named.
  [[nodiscard]] Result<Capability> requested(std::string_view node) const;
  /// Of grant_capabilities: what `process` is to hold, issued by `issuer`, the new process.
  [[nodiscard]] Result<Capability> granted(const Address& issuer) const;

  friend bool operator==(const CapabilityItem&, const CapabilityItem&) = default;
};

struct ManifestEntry {
  std::string process_name;
  /// As it is written; `wasm_entry` is its place in the zip.
  std::string process_wasm_path;
  OnExit on_exit;
  bool request_networking = false;
  std::vector<CapabilityItem> request_capabilities;
  std::vector<CapabilityItem> grant_capabilities;
  bool is_public = false;

  /// The name of the component in the package's zip and below its `pkg` drive: without the optional leading
  /// slash, normalised. Fails when it leads out (defect C17).
  [[nodiscard]] Result<std::string> wasm_entry() const;
  /// The id of the process in `package`. Fails when it has letters that an id must not have.
  [[nodiscard]] Result<ProcessId> process_id(const PackageId& package) const;
};

struct Manifest {
  std::vector<ManifestEntry> entries;
  /// What was left out, each with its place, such as `[0].request_capabilities[2]: ...`.
  std::vector<std::string> problems;
};

/// Fails with the place and the reason where the whole cannot be used: not JSON, no array, a field that
/// is missing or of another type.
Result<Manifest> parse_manifest(std::string_view json);

}  // namespace kinode::package
