// CapabilityStore: who holds what. Every change of a capability goes through here, so that memory, the
// journal and the index for revocation stay one.
//
// Thread-safe. Each function takes one process's lock at a time; the journal is written under it, so
// that its order is that of memory. The store's own lock comes after it, never before.
#pragma once

#include <mutex>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "kernel/process_entry.h"
#include "kernel/process_table.h"
#include "kernel/records.h"

namespace kinode::kernel {

std::vector<AttachedCapability> without_signatures(const std::vector<Capability>& capabilities);

/// The line that tells of capabilities left out.
std::string refused_text(size_t refused, const ProcessId& holder, const Limits& limits);

class CapabilityStore {
 public:
  CapabilityStore(const Address& kernel, const ProcessTable& table, Records& records, const Limits& limits)
      : kernel_(kernel), table_(table), records_(records), limits_(limits) {}

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
  /// Processes that issued something which others hold and which can be revoked.
  [[nodiscard]] size_t issuers();

  // ---- for Lifecycle, which writes these changes to the journal itself; with the holder's lock ----

  /// Adds to what a process starts with. What is over a limit is left out: returns how many.
  size_t fill(ProcessEntry& holder, std::span<const AttachedCapability> capabilities);
  /// The same for what was granted to it before it was there; `taken` gets all of that.
  size_t fill_with_pending(ProcessEntry& holder, std::vector<Capability>& taken);
  /// Takes all from a process that ends; returns them.
  std::vector<Capability> clear(ProcessEntry& holder);

  // ---- grants to processes that are not there yet ------------------------------------------------

  /// While `holder` can be neither made nor removed.
  void add_pending(const ProcessId& holder, std::span<const AttachedCapability> capabilities);

 private:
  static constexpr size_t pending_limit = 4096;  // processes, and capabilities of each

  // With the holder's lock held.
  enum class Put : uint8_t { refused, known, changed, added };
  Put put(ProcessEntry& holder, const AttachedCapability& attached) const;
  size_t put_all(ProcessEntry& holder, std::span<const AttachedCapability> capabilities,
                 std::vector<AttachedCapability>& changed);
  size_t insert(ProcessEntry& holder, std::span<const AttachedCapability> capabilities);
  void erase(ProcessEntry& holder, std::span<const Capability> capabilities);
  void unindex(const ProcessId& holder, std::span<const Capability> capabilities);
  std::vector<Capability> take_issued_by(const Address& issuer, ProcessEntry& holder);
  // With `mutex_` held.
  void index(const ProcessId& holder, const Capability& capability);
  /// Whether it is one that can be revoked.
  [[nodiscard]] bool is_indexed(const ProcessId& holder, const Capability& capability) const;

  const Address& kernel_;
  const ProcessTable& table_;
  Records& records_;
  const Limits& limits_;

  std::mutex mutex_;
  /// Who holds how many of what this process issued.
  std::unordered_map<ProcessId, std::unordered_map<ProcessId, size_t>> holders_;
  std::unordered_map<ProcessId, CapabilitySet> pending_;
};

}  // namespace kinode::kernel
