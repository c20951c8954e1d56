// ProcessTable: the entries by process id. Thread-safe; each shard has a lock of its own, held for the
// look-up alone.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <shared_mutex>
#include <unordered_map>
#include <vector>

#include "types/address.h"

namespace kinode::kernel {

struct ProcessEntry;

class ProcessTable {
 public:
  [[nodiscard]] std::shared_ptr<ProcessEntry> find(const ProcessId& id) const;
  /// False if the id is taken.
  bool add(std::shared_ptr<ProcessEntry> entry);
  /// Puts `next` in the place of `entry`; false if that is not (any more) the entry of its id.
  bool replace(const ProcessEntry& entry, std::shared_ptr<ProcessEntry> next);
  /// False if `entry` is not (any more) the entry of its id.
  bool remove(const ProcessEntry& entry);
  [[nodiscard]] std::vector<std::shared_ptr<ProcessEntry>> all() const;
  [[nodiscard]] size_t size() const { return size_; }
  void clear();

 private:
  static constexpr size_t shard_count = 64;
  struct Shard {
    mutable std::shared_mutex mutex;
    std::unordered_map<ProcessId, std::shared_ptr<ProcessEntry>> entries;
  };
  [[nodiscard]] Shard& shard(const ProcessId& id) { return shards_[(id.hash() >> 7) % shard_count]; }
  [[nodiscard]] const Shard& shard(const ProcessId& id) const { return shards_[(id.hash() >> 7) % shard_count]; }
  std::array<Shard, shard_count> shards_;
  std::atomic<size_t> size_ = 0;
};

}  // namespace kinode::kernel
