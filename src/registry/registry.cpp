#include "registry/registry.h"

#include <algorithm>
#include <unordered_set>

#include "types/address.h"

namespace kinode::registry {
namespace {

size_t slot_of(Source source) { return static_cast<size_t>(source); }

}  // namespace

Result<Entry> check(Identity identity) {
  if (!is_safe_node(identity.name) || identity.name == "our") {
    return fail("`{}` is no name of a node: a-z, 0-9, `-` and `.` are allowed, and it must not be `our`",
                identity.name);
  }
  const std::optional<crypto::PublicKey> key = crypto::parse_public_key(identity.networking_key);
  if (!key) {
    return fail("{}: `{}` is no networking key: 64 hex digits are wanted", identity.name, identity.networking_key);
  }
  std::erase_if(identity.direct.ports, [](const auto& port) { return port.second == 0; });
  if (identity.is_direct() && identity.direct.ports.empty()) {
    return fail("{}: an address without a port", identity.name);
  }
  if (!identity.is_direct() && identity.routers.empty()) {
    return fail("{}: neither an address nor a router", identity.name);
  }
  return Entry{std::move(identity), *key};
}

std::shared_ptr<const Entry> Registry::find(const std::string& name) const {
  std::shared_lock lock(mutex_);
  auto found = nodes_.find(name);
  if (found == nodes_.end()) {
    return nullptr;
  }
  for (const EntryPointer& entry : found->second) {
    if (entry) {
      return entry;
    }
  }
  return nullptr;
}

size_t Registry::size() const {
  std::shared_lock lock(mutex_);
  return nodes_.size();
}

void Registry::put(Source source, EntryPointer entry) {
  EntryPointer& slot = nodes_[entry->identity.name][slot_of(source)];
  sizes_[slot_of(source)] += slot ? 0 : 1;
  slot = std::move(entry);
}

Result<void> Registry::update(Source source, Identity identity) {
  Result<Entry> entry = check(std::move(identity));
  if (!entry) {
    return std::unexpected(entry.error());
  }
  const std::string name = entry->identity.name;
  {
    std::unique_lock lock(mutex_);
    auto found = nodes_.find(name);
    const EntryPointer known = found == nodes_.end() ? nullptr : found->second[slot_of(source)];
    if (known && known->identity == entry->identity) {
      return {};  // said again: a file is read whole whenever anything in its folder changes
    }
    if (!known && sizes_[slot_of(source)] >= entry_limit) {
      return fail("{}: more than {} nodes are not kept", name, entry_limit);
    }
    put(source, std::make_shared<const Entry>(std::move(*entry)));
  }
  if (notify_) {
    notify_(name);
  }
  return {};
}

void Registry::remove(Source source, const std::string& name) {
  {
    std::unique_lock lock(mutex_);
    auto found = nodes_.find(name);
    if (found == nodes_.end() || !found->second[slot_of(source)]) {
      return;
    }
    found->second[slot_of(source)] = nullptr;
    --sizes_[slot_of(source)];
    if (std::ranges::none_of(found->second, [](const EntryPointer& entry) { return entry != nullptr; })) {
      nodes_.erase(found);
    }
  }
  if (notify_) {
    notify_(name);
  }
}

std::vector<Error> Registry::replace(Source source, std::vector<Identity> identities) {
  std::vector<Error> wrong;
  std::unordered_set<std::string> named;
  for (Identity& identity : identities) {
    named.insert(identity.name);
    if (Result<void> updated = update(source, std::move(identity)); !updated) {
      wrong.push_back(updated.error());
    }
  }
  std::vector<std::string> gone;
  {
    std::shared_lock lock(mutex_);
    for (const auto& [name, slots] : nodes_) {
      if (slots[slot_of(source)] && !named.contains(name)) {
        gone.push_back(name);
      }
    }
  }
  for (const std::string& name : gone) {
    remove(source, name);
  }
  return wrong;
}

}  // namespace kinode::registry
