#include "kernel/capability_store.h"

namespace kinode::kernel {

bool CapabilityStore::holds(ProcessEntry& holder, const Capability& capability) {
  std::scoped_lock lock(holder.mutex);
  return holder.capabilities.contains(capability);
}

std::vector<Capability> CapabilityStore::all(ProcessEntry& holder) {
  std::scoped_lock lock(holder.mutex);
  std::vector<Capability> result;
  result.reserve(holder.capabilities.size());
  for (const auto& [capability, signature] : holder.capabilities) {
    result.push_back(capability);
  }
  return result;
}

size_t CapabilityStore::add(ProcessEntry& holder, std::span<const AttachedCapability> capabilities) {
  size_t refused = 0;
  for (const AttachedCapability& attached : capabilities) {
    {
      std::scoped_lock lock(holder.mutex);
      if (holder.stage == ProcessEntry::Stage::ended) {
        return refused;
      }
      if (holder.capabilities.size() >= limits_.capabilities && !holder.capabilities.contains(attached.capability)) {
        ++refused;
        continue;
      }
      // An equal one of another text goes: the text kept is the one that the signature kept covers.
      holder.capabilities.erase(attached.capability);
      holder.capabilities.emplace(attached.capability, attached.signature);
      if (holder.kind == ProcessEntry::Kind::guest && holder.on_exit.kind != OnExit::Kind::none) {
        records_.put_capability(holder.id(), attached);
      }
    }
    index(holder.id(), attached.capability);
  }
  return refused;
}

void CapabilityStore::drop(ProcessEntry& holder, std::span<const Capability> capabilities) {
  std::scoped_lock lock(holder.mutex);
  for (const Capability& capability : capabilities) {
    if (holder.capabilities.erase(capability) > 0 && holder.kind == ProcessEntry::Kind::guest &&
        holder.on_exit.kind != OnExit::Kind::none) {
      records_.erase_capability(holder.id(), capability);
    }
  }
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
      std::erase_if(set, [&](const auto& item) {
        if (item.first.issuer() != issuer) {
          return false;
        }
        records_.erase_capability(pending, item.first);
        return true;
      });
    }
  }
  for (const ProcessId& id : holders) {
    std::shared_ptr<ProcessEntry> holder = table_.find(id);
    if (!holder) {
      continue;
    }
    std::scoped_lock lock(holder->mutex);
    bool persisted = holder->kind == ProcessEntry::Kind::guest && holder->on_exit.kind != OnExit::Kind::none;
    std::erase_if(holder->capabilities, [&](const auto& item) {
      if (item.first.issuer() != issuer) {
        return false;
      }
      if (persisted) {
        records_.erase_capability(id, item.first);
      }
      return true;
    });
  }
}

void CapabilityStore::forget(ProcessEntry& holder) {
  std::vector<Capability> held = all(holder);
  std::scoped_lock lock(mutex_);
  for (const Capability& capability : held) {
    auto found = holders_.find(capability.issuer().process());
    if (found != holders_.end() && found->second.erase(holder.id()) > 0 && found->second.empty()) {
      holders_.erase(found);
    }
  }
}

void CapabilityStore::add_pending(const ProcessId& holder, std::span<const AttachedCapability> capabilities) {
  std::scoped_lock lock(mutex_);
  if (pending_.size() >= pending_limit && !pending_.contains(holder)) {
    return;
  }
  CapabilitySet& set = pending_[holder];
  for (const AttachedCapability& attached : capabilities) {
    if (set.size() < pending_limit) {
      set.insert_or_assign(attached.capability, attached.signature);
      records_.put_capability(holder, attached);
    }
  }
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
