#include "kernel/process_table.h"

#include <mutex>

#include "kernel/process_entry.h"

namespace kinode::kernel {

std::shared_ptr<ProcessEntry> ProcessTable::find(const ProcessId& id) const {
  const Shard& part = shard(id);
  std::shared_lock lock(part.mutex);
  auto found = part.entries.find(id);
  return found == part.entries.end() ? nullptr : found->second;
}

bool ProcessTable::add(std::shared_ptr<ProcessEntry> entry) {
  Shard& part = shard(entry->id());
  std::unique_lock lock(part.mutex);
  bool added = part.entries.try_emplace(entry->id(), entry).second;
  size_ += added ? 1 : 0;
  return added;
}

bool ProcessTable::replace(const ProcessEntry& entry, std::shared_ptr<ProcessEntry> next) {
  Shard& part = shard(entry.id());
  std::unique_lock lock(part.mutex);
  auto found = part.entries.find(entry.id());
  if (found == part.entries.end() || found->second.get() != &entry) {
    return false;
  }
  found->second.swap(next);  // the old one is released after the lock
  lock.unlock();
  return true;
}

bool ProcessTable::remove(const ProcessEntry& entry) {
  Shard& part = shard(entry.id());
  std::unique_lock lock(part.mutex);
  auto found = part.entries.find(entry.id());
  if (found == part.entries.end() || found->second.get() != &entry) {
    return false;
  }
  auto node = part.entries.extract(found);
  --size_;
  lock.unlock();
  return true;
}

std::vector<std::shared_ptr<ProcessEntry>> ProcessTable::all() const {
  std::vector<std::shared_ptr<ProcessEntry>> result;
  for (const Shard& part : shards_) {
    std::shared_lock lock(part.mutex);
    for (const auto& [id, entry] : part.entries) {
      result.push_back(entry);
    }
  }
  return result;
}

void ProcessTable::clear() {
  for (Shard& part : shards_) {
    std::unordered_map<ProcessId, std::shared_ptr<ProcessEntry>> entries;
    std::unique_lock lock(part.mutex);
    entries.swap(part.entries);
    size_ -= entries.size();
    lock.unlock();
  }
}

}  // namespace kinode::kernel
