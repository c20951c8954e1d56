// Records: the kernel's part of the journal (docs/formats/kernel-store.md).
//
//   process/<process id>                                  a process that outlives a restart of the node
//   capability/<process id>/<issuer>/<canonical params>   one that it holds, or was granted in advance
//   state/<process id>                                    its state, as it gave it
//
// Process and capability records are JSON objects with a version, "v".
// Thread-safe. A write that the journal refuses is printed; memory goes on ahead of it.
#pragma once

#include <span>
#include <string>

#include "kernel/journal.h"
#include "kernel/printer.h"
#include "kernel/process.h"
#include "types/message.h"

namespace kinode::kernel {

struct ProcessRecord {
  std::string handle;
  std::optional<uint32_t> wit_version;
  OnExit on_exit;
  bool is_public = false;
};

class Records {
 public:
  Records(Journal& journal, Printer& printer, ProcessId kernel)
      : journal_(journal), printer_(printer), kernel_(std::move(kernel)) {}

  void put_process(const ProcessId& id, const ProcessRecord& record, std::span<const AttachedCapability> held);
  void erase_process(const ProcessId& id, std::span<const Capability> held);
  void put_capabilities(const ProcessId& holder, std::span<const AttachedCapability> capabilities);
  void erase_capabilities(const ProcessId& holder, std::span<const Capability> capabilities);

  /// Fails with the key of the first record that cannot be read.
  Result<void> scan_processes(const std::function<void(ProcessId, ProcessRecord)>& visit);
  Result<void> scan_capabilities(const std::function<void(ProcessId holder, AttachedCapability)>& visit);

  static std::string state_key(const ProcessId& id) { return "state/" + id.text(); }

 private:
  void write(const Batch& batch);

  Journal& journal_;
  Printer& printer_;
  ProcessId kernel_;
};

}  // namespace kinode::kernel
