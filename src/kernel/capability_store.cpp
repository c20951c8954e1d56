#include "kernel/capability_store.h"

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

size_t CapabilityStore::insert(ProcessEntry& holder, std::span<const AttachedCapability> capabilities) {
  size_t refused = 0;
  std::vector<AttachedCapability> inserted;
  for (const AttachedCapability& attached : capabilities) {
    auto held = holder.capabilities.find(attached.capability);
    bool is_new = held == holder.capabilities.end();
    if (bytes_of(attached.capability) > limits_.capability_bytes ||
        (is_new && holder.capabilities.size() >= limits_.capabilities)) {
      ++refused;
      continue;
    }
    if (!is_new) {
      if (!held->second.empty() && attached.signature.empty()) {
        continue;  // nothing takes a foreign issuer's signature away (defect C5)
      }
      // An equal one of another text goes: the text kept is the one that the signature kept covers.
      holder.capabilities.erase(held);
    }
    holder.capabilities.emplace(attached.capability, attached.signature);
    inserted.push_back(attached);
  }
  if (holder.lasts()) {
    records_.put_capabilities(holder.id(), inserted);
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
  if (holder.lasts()) {
    records_.erase_capabilities(holder.id(), erased);
  }
}

size_t CapabilityStore::add(ProcessEntry& holder, std::span<const AttachedCapability> capabilities) {
  size_t refused = 0;
  {
    std::scoped_lock lock(holder.mutex);
    if (holder.ended()) {
      return 0;
    }
    refused = insert(holder, capabilities);
  }
  index(holder.id(), capabilities);
  return refused;
}

void CapabilityStore::drop(ProcessEntry& holder, std::span<const Capability> capabilities) {
  std::scoped_lock lock(holder.mutex);
  if (!holder.ended()) {
    erase(holder, capabilities);
  }
}

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
  with_living(table_, holder, [&](ProcessEntry& entry) { refused = insert(entry, capabilities); });
  if (refused) {
    index(holder, capabilities);
  }
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
  if (capabilities.empty()) {
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

void CapabilityStore::index(const ProcessId& holder, const Capability& capability) {
  const ProcessId& issuer = capability.issuer().process();
  if (issuer == holder) {
    return;
  }
  std::shared_ptr<ProcessEntry> entry = table_.find(issuer);
  if (entry && entry->kind != ProcessEntry::Kind::guest) {
    return;  // modules never end, so nothing of theirs is ever revoked
  }
  std::scoped_lock lock(mutex_);
  holders_[issuer].insert(holder);
}

void CapabilityStore::index(const ProcessId& holder, std::span<const AttachedCapability> capabilities) {
  for (const AttachedCapability& attached : capabilities) {
    index(holder, attached.capability);
  }
}

void CapabilityStore::index(ProcessEntry& holder) {
  for (const Capability& capability : all(holder)) {
    index(holder.id(), capability);
  }
}

void CapabilityStore::revoke(const Address& issuer) {
  std::unordered_set<ProcessId> holders;
  {
    std::scoped_lock lock(mutex_);
    if (auto node = holders_.extract(issuer.process())) {
      holders = std::move(node.mapped());
    }
    for (auto& [pending, set] : pending_) {
      records_.erase_capabilities(pending, extract_issued_by(issuer, set));
    }
    std::erase_if(pending_, [](const auto& item) { return item.second.empty(); });
  }
  for (const ProcessId& id : holders) {
    with_living(table_, id, [&](ProcessEntry& holder) {
      std::vector<Capability> taken = extract_issued_by(issuer, holder.capabilities);
      if (holder.lasts()) {
        records_.erase_capabilities(id, taken);
      }
    });
  }
}

void CapabilityStore::forget(const ProcessId& holder, std::span<const Capability> held) {
  std::scoped_lock lock(mutex_);
  for (const Capability& capability : held) {
    auto found = holders_.find(capability.issuer().process());
    if (found != holders_.end() && found->second.erase(holder) > 0 && found->second.empty()) {
      holders_.erase(found);
    }
  }
}

bool CapabilityStore::add_pending(const ProcessId& holder, std::span<const AttachedCapability> capabilities) {
  std::scoped_lock lock(mutex_);
  // Who is made from here on finds what is left here.
  if (table_.find(holder)) {
    return false;
  }
  if (pending_.size() >= pending_limit && !pending_.contains(holder)) {
    return true;
  }
  CapabilitySet& set = pending_[holder];
  std::vector<AttachedCapability> kept;
  for (const AttachedCapability& attached : capabilities) {
    if (set.size() < pending_limit && bytes_of(attached.capability) <= limits_.capability_bytes) {
      set.insert_or_assign(attached.capability, attached.signature);
      kept.push_back(attached);
    }
  }
  records_.put_capabilities(holder, kept);
  return true;
}

std::vector<AttachedCapability> CapabilityStore::take_pending(const ProcessId& holder) {
  std::scoped_lock lock(mutex_);
  std::vector<AttachedCapability> result;
  if (auto node = pending_.extract(holder)) {
    for (const auto& [capability, signature] : node.mapped()) {
      result.push_back({capability, signature});
    }
  }
  return result;
}

}  // namespace kinode::kernel
