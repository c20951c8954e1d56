// Journal: where the kernel keeps what must outlive it. Durable key-value writes in atomic batches.
//
// A batch is all or nothing. Batches survive in order: after a crash the store is what a prefix of
// the writes made. `write` returns at once and does not wait for the disk; what leaves the node waits
// with `when_durable` until everything it rests on is on disk (the output gate).
//
// Keys are text, "kind/..."; see records.h for those of the kernel.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace kinode::kernel {

struct Batch {
  struct Write {
    std::string key;
    std::optional<Bytes> value;  // none: delete
  };
  std::vector<Write> writes;

  void put(std::string key, Bytes value) { writes.push_back({std::move(key), std::move(value)}); }
  void erase(std::string key) { writes.push_back({std::move(key), std::nullopt}); }
};

class Journal {
 public:
  virtual ~Journal() = default;

  /// Any thread. Returns the write's sequence number: greater than those of all writes that returned
  /// before. Fails when the store cannot take writes any more (disk full); then nothing of the batch
  /// is kept, and no later sequence number becomes durable before the cause is gone. An empty batch changes nothing;
  /// its number stands for what was changed beside the store and is flushed with it.
  virtual Result<uint64_t> write(const Batch& batch) = 0;
  /// The sequence number of the last write.
  [[nodiscard]] virtual uint64_t written() const = 0;
  /// Calls `done` once everything up to `sequence` is on disk: at once if it is, else on the store's
  /// thread. Calls come in order of `sequence`.
  virtual void when_durable(uint64_t sequence, std::function<void()> done) = 0;

  /// Sees every write that returned before. May wait for the disk: not on a worker, see `read_async`.
  virtual Result<std::optional<Bytes>> read(const std::string& key) = 0;
  /// The same, calling `done` on a thread of the store, or at once on this one.
  virtual void read_async(std::string key, std::function<void(Result<std::optional<Bytes>>)> done) = 0;
  /// Every key that starts with `prefix`, in order, until `visit` returns an error, which it passes on.
  virtual Result<void> scan(std::string_view prefix,
                            const std::function<Result<void>(std::string_view key, Bytes value)>& visit) = 0;
};

}  // namespace kinode::kernel
