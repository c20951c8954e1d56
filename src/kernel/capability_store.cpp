#include "kernel/capability_store.h"

#include "kernel/planted_fault.h"

namespace kinode::kernel {
namespace {

/// Takes out what `issuer` issued, and returns it.
std::vector<Capability> extract_issued_by(const Address& issuer, CapabilitySet& set) {
  std::vector<Capability> taken;
  std::erase_if(set, [&](const auto& item) {
    if (item.first.issuer() != issuer) {
      return false;
    }
    taken.push_back(item.first);
    return true;
  });
  return taken;
}

}  // namespace

std::vector<AttachedCapability> without_signatures(const std::vector<Capability>& capabilities) {
  std::vector<AttachedCapability> attached;
  attached.reserve(capabilities.size());
  for (const Capability& capability : capabilities) {
    attached.push_back({capability, {}});
  }
  return attached;
}

std::string refused_text(size_t refused, const ProcessId& holder, const Limits& limits) {
  return fmt::format("{} capabilities refused to {}: it holds its limit of {}, or they are larger than {} bytes",
                     refused, holder.text(), limits.capabilities, limits.capability_bytes);
}

// ---- what one process holds ----------------------------------------------------------------------

std::vector<Capability> CapabilityStore::keys_of(const CapabilitySet& set) {
  std::vector<Capability> keys;
  keys.reserve(set.size());
  for (const auto& [capability, signature] : set) {
    keys.push_back(capability);
  }
  return keys;
}

bool CapabilityStore::holds(ProcessEntry& holder, const Capability& capability) {
  std::scoped_lock lock(holder.mutex);
  return holder.capabilities.contains(capability);
}

std::optional<AttachedCapability> CapabilityStore::find(ProcessEntry& holder, const Capability& capability) {
  std::scoped_lock lock(holder.mutex);
  auto held = holder.capabilities.find(capability);
  return held == holder.capabilities.end() ? std::nullopt
                                           : std::optional(AttachedCapability{held->first, held->second});
}

std::vector<Capability> CapabilityStore::all(ProcessEntry& holder) {
  std::scoped_lock lock(holder.mutex);
  return keys_of(holder.capabilities);
}

CapabilityStore::Put CapabilityStore::put(ProcessEntry& holder, const AttachedCapability& attached) const {
  if (bytes_of(attached.capability) > limits_.capability_bytes) {
    return Put::refused;
  }
  auto held = holder.capabilities.find(attached.capability);
  if (held == holder.capabilities.end()) {
    if (holder.capabilities.size() >= limits_.capabilities) {
      return Put::refused;
    }
    holder.capabilities.emplace(attached.capability, attached.signature);
    return Put::added;
  }
  if (attached.signature.empty()) {
    return Put::known;  // it keeps its text, and nothing takes a foreign issuer's signature away (defects C5, C7)
  }
  // An equal one of another text goes: the text kept is the one that the signature kept covers.
  holder.capabilities.erase(held);
  holder.capabilities.emplace(attached.capability, attached.signature);
  return Put::changed;
}

size_t CapabilityStore::put_all(ProcessEntry& holder, std::span<const AttachedCapability> capabilities,
                                std::vector<AttachedCapability>& changed) {
  size_t refused = 0;
  for (const AttachedCapability& attached : capabilities) {
    Put result = put(holder, attached);
    refused += result == Put::refused ? 1 : 0;
    if (result == Put::added || result == Put::changed) {
      changed.push_back(attached);
    }
    if (result == Put::added) {
      std::scoped_lock lock(mutex_);
      index(holder.id(), attached.capability);
    }
  }
  return refused;
}

size_t CapabilityStore::insert(ProcessEntry& holder, std::span<const AttachedCapability> capabilities) {
  std::vector<AttachedCapability> changed;
  size_t refused = put_all(holder, capabilities, changed);
  if (holder.lasts()) {
    records_.put_capabilities(holder.id(), changed);
  }
  return refused;
}

void CapabilityStore::erase(ProcessEntry& holder, std::span<const Capability> capabilities) {
  std::vector<Capability> erased;
  for (const Capability& capability : capabilities) {
    if (holder.capabilities.erase(capability) > 0) {
      erased.push_back(capability);
    }
  }
  unindex(holder.id(), erased);
  if (holder.lasts()) {
    records_.erase_capabilities(holder.id(), erased);
  }
}

size_t CapabilityStore::add(ProcessEntry& holder, std::span<const AttachedCapability> capabilities) {
  std::scoped_lock lock(holder.mutex);
  return holder.ended() ? 0 : insert(holder, capabilities);
}

size_t CapabilityStore::fill(ProcessEntry& holder, std::span<const AttachedCapability> capabilities) {
  std::vector<AttachedCapability> changed;
  return put_all(holder, capabilities, changed);
}

std::vector<Capability> CapabilityStore::clear(ProcessEntry& holder) {
  std::vector<Capability> held = keys_of(holder.capabilities);
  holder.capabilities.clear();
  unindex(holder.id(), held);
  return held;
}

void CapabilityStore::drop(ProcessEntry& holder, std::span<const Capability> capabilities) {
  std::scoped_lock lock(holder.mutex);
  if (!holder.ended()) {
    erase(holder, capabilities);
  }
}

// ---- of a process, whichever life it has by now --------------------------------------------------

bool CapabilityStore::holds(const ProcessId& holder, const Capability& capability) const {
  bool held = false;
  with_living(table_, holder, [&](ProcessEntry& entry) { held = entry.capabilities.contains(capability); });
  return held;
}

std::vector<Capability> CapabilityStore::all(const ProcessId& holder) const {
  std::vector<Capability> held;
  with_living(table_, holder, [&](ProcessEntry& entry) { held = keys_of(entry.capabilities); });
  return held;
}

std::optional<size_t> CapabilityStore::add(const ProcessId& holder, std::span<const AttachedCapability> capabilities) {
  std::optional<size_t> refused;
  with_living(table_, holder, [&](ProcessEntry& entry) {
    refused = planted(Fault::grant_forgotten) ? 0 : insert(entry, capabilities);
  });
  return refused;
}

bool CapabilityStore::drop(const ProcessId& holder, std::span<const Capability> capabilities) {
  {
    std::scoped_lock lock(mutex_);
    if (auto pending = pending_.find(holder); pending != pending_.end()) {
      for (const Capability& capability : capabilities) {
        pending->second.erase(capability);
      }
      records_.erase_capabilities(holder, capabilities);
      if (pending->second.empty()) {
        pending_.erase(pending);
      }
    }
  }
  return with_living(table_, holder, [&](ProcessEntry& entry) { erase(entry, capabilities); });
}

void CapabilityStore::filter(ProcessEntry& sender, std::vector<AttachedCapability>& capabilities) {
  if (capabilities.empty() || planted(Fault::capability_unfiltered)) {
    return;
  }
  std::scoped_lock lock(sender.mutex);
  std::erase_if(capabilities, [&](AttachedCapability& attached) {
    if (attached.capability.issuer() == sender.address) {
      attached.signature = {};
      return false;
    }
    auto held = sender.capabilities.find(attached.capability);
    if (held == sender.capabilities.end()) {
      return true;
    }
    // The text held is the one that its signature covers.
    attached = {held->first, held->second};
    return false;
  });
}

// ---- revocation ----------------------------------------------------------------------------------

bool CapabilityStore::is_indexed(const ProcessId& holder, const Capability& capability) const {
  const ProcessId& issuer = capability.issuer().process();
  // The runtime's own processes never end, so nothing of theirs is ever revoked.
  bool is_module =
      issuer.package() == kernel_.process().package() && issuer.publisher() == kernel_.process().publisher();
  return issuer != holder && !is_module && capability.issuer().node() == kernel_.node();
}

void CapabilityStore::index(const ProcessId& holder, const Capability& capability) {
  if (is_indexed(holder, capability)) {
    ++holders_[capability.issuer().process()][holder];
  }
}

void CapabilityStore::unindex(const ProcessId& holder, std::span<const Capability> capabilities) {
  std::scoped_lock lock(mutex_);
  for (const Capability& capability : capabilities) {
    if (!is_indexed(holder, capability)) {
      continue;
    }
    auto issuer = holders_.find(capability.issuer().process());
    auto count = issuer->second.find(holder);
    if (--count->second == 0) {
      issuer->second.erase(count);
    }
    if (issuer->second.empty()) {
      holders_.erase(issuer);
    }
  }
}

std::vector<Capability> CapabilityStore::take_issued_by(const Address& issuer, ProcessEntry& holder) {
  size_t count = 0;
  {
    std::scoped_lock lock(mutex_);
    if (auto found = holders_.find(issuer.process()); found != holders_.end()) {
      auto held = found->second.find(holder.id());
      count = held == found->second.end() ? 0 : held->second;
    }
  }
  // A parent of thousands holds of each child the right to message it and no more: that is found at once.
  if (count == 1) {
    if (auto right = holder.capabilities.extract(Capability::messaging(issuer))) {
      return {std::move(right.key())};
    }
  }
  return extract_issued_by(issuer, holder.capabilities);
}

void CapabilityStore::revoke(const Address& issuer) {
  std::vector<ProcessId> holders;
  {
    std::scoped_lock lock(mutex_);
    if (auto found = holders_.find(issuer.process()); found != holders_.end()) {
      for (const auto& [holder, count] : found->second) {
        holders.push_back(holder);
      }
    }
    for (auto& [pending, set] : pending_) {
      records_.erase_capabilities(pending, extract_issued_by(issuer, set));
    }
    std::erase_if(pending_, [](const auto& item) { return item.second.empty(); });
  }
  for (const ProcessId& id : holders) {
    with_living(table_, id, [&](ProcessEntry& holder) {
      std::vector<Capability> taken = take_issued_by(issuer, holder);
      unindex(id, taken);
      if (holder.lasts()) {
        records_.erase_capabilities(id, taken);
      }
    });
  }
}

size_t CapabilityStore::issuers() {
  std::scoped_lock lock(mutex_);
  return holders_.size();
}

// ---- grants to processes that are not there yet --------------------------------------------------

void CapabilityStore::add_pending(const ProcessId& holder, std::span<const AttachedCapability> capabilities) {
  std::scoped_lock lock(mutex_);
  if (pending_.size() >= pending_limit && !pending_.contains(holder)) {
    return;
  }
  CapabilitySet& set = pending_[holder];
  std::vector<AttachedCapability> kept;
  for (const AttachedCapability& attached : capabilities) {
    if (set.size() < pending_limit && bytes_of(attached.capability) <= limits_.capability_bytes) {
      set.insert_or_assign(attached.capability, attached.signature);
      kept.push_back(attached);
    }
  }
  if (set.empty()) {
    pending_.erase(holder);
  }
  records_.put_capabilities(holder, kept);
}

size_t CapabilityStore::fill_with_pending(ProcessEntry& holder, std::vector<Capability>& taken) {
  // One step for who revokes: what is not among the pending any more is in the index.
  std::scoped_lock lock(mutex_);
  size_t refused = 0;
  auto pending = pending_.extract(holder.id());
  if (!pending || planted(Fault::promise_forgotten)) {
    return refused;
  }
  for (const auto& [capability, signature] : pending.mapped()) {
    taken.push_back(capability);
    Put result = put(holder, {capability, signature});
    refused += result == Put::refused ? 1 : 0;
    if (result == Put::added) {
      index(holder.id(), capability);
    }
  }
  return refused;
}

}  // namespace kinode::kernel
