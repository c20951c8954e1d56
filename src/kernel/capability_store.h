// CapabilityStore: who holds what. Every change of a capability goes through here, so that memory, the
// journal and the index for revocation stay one.
//
// Thread-safe. Each function takes one process's lock at a time; the journal is written under it, so
// that its order is that of memory.
#pragma once

#include <mutex>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "kernel/process_entry.h"
#include "kernel/process_table.h"
#include "kernel/records.h"

namespace kinode::kernel {

class CapabilityStore {
 public:
  CapabilityStore(const ProcessTable& table, Records& records, const Limits& limits)
      : table_(table), records_(records), limits_(limits) {}

  // ---- of one life of a process; no effect on one that ended ------------------------------------

  [[nodiscard]] static bool holds(ProcessEntry& holder, const Capability& capability);
  /// With the signature it was received with; none if it is not held.
  [[nodiscard]] static std::optional<AttachedCapability> find(ProcessEntry& holder, const Capability& capability);
  [[nodiscard]] static std::vector<Capability> all(ProcessEntry& holder);
  /// What is over a limit is left out and printed by the caller: returns how many.
  size_t add(ProcessEntry& holder, std::span<const AttachedCapability> capabilities);
  void drop(ProcessEntry& holder, std::span<const Capability> capabilities);

  // ---- of a process, whichever life it has by now -----------------------------------------------

  [[nodiscard]] bool holds(const ProcessId& holder, const Capability& capability) const;
  [[nodiscard]] std::vector<Capability> all(const ProcessId& holder) const;
  /// As `add`; none if there is no such process.
  std::optional<size_t> add(const ProcessId& holder, std::span<const AttachedCapability> capabilities);
  /// Also of what was granted in advance. False if there is no such process.
  bool drop(const ProcessId& holder, std::span<const Capability> capabilities);

  [[nodiscard]] static std::vector<Capability> keys_of(const CapabilitySet& set);
  /// Leaves those that `sender` holds, with the signature they were received with, or issues itself.
  static void filter(ProcessEntry& sender, std::vector<AttachedCapability>& capabilities);

  /// Takes every capability issued by `issuer`, a process of this node, from all others.
  void revoke(const Address& issuer);
  /// Forgets that `holder` held these: it ended.
  void forget(const ProcessId& holder, std::span<const Capability> held);
  /// Tells the index of a set that was filled directly.
  void index(ProcessEntry& holder);

  // ---- grants to processes that are not there yet ------------------------------------------------

  /// False if `holder` is there by now: then `add`.
  bool add_pending(const ProcessId& holder, std::span<const AttachedCapability> capabilities);
  /// What was granted to `holder` before it was there.
  std::vector<AttachedCapability> take_pending(const ProcessId& holder);

 private:
  static constexpr size_t pending_limit = 4096;  // processes, and capabilities of each

  // With the holder's lock held.
  size_t insert(ProcessEntry& holder, std::span<const AttachedCapability> capabilities);
  void erase(ProcessEntry& holder, std::span<const Capability> capabilities);

  void index(const ProcessId& holder, std::span<const AttachedCapability> capabilities);
  void index(const ProcessId& holder, const Capability& capability);

  const ProcessTable& table_;
  Records& records_;
  const Limits& limits_;

  std::mutex mutex_;
  /// Who may hold something that this process issued; a name too many does no harm.
  std::unordered_map<ProcessId, std::unordered_set<ProcessId>> holders_;
  std::unordered_map<ProcessId, CapabilitySet> pending_;
};

}  // namespace kinode::kernel
