// RocksJournal: the kernel's journal on RocksDB, in `<home>/kernel` (docs/formats/kernel-store.md).
//
// A write goes into the open group, in memory, and returns. One thread, the flusher, takes the whole
// group and commits it as one atomic, synced write of RocksDB; meanwhile the next group fills. So a
// flush of the disk is shared by all who write during the one before it, a writer never waits for
// RocksDB, and what a crash leaves is the store after some group: a prefix of the writes. Within a group
// a key that was written often is stored once, with its last value. Reads look into the open group, the
// one being flushed, and RocksDB, in this order.
//
// When the disk fails or is full: what was accepted stays in memory and is readable, `write` fails
// with the cause, nothing is called durable, and the flusher looks each second whether the disk takes
// writes again; if so it opens RocksDB anew and commits the same group again. `report` is told of the
// beginning and the end of it.
//
// What is kept beside the store and must be on disk before anything that rests on it leaves the node (files of
// drives) is flushed with it: `also_flush`. Whoever changes such a thing writes an empty batch afterwards: its
// sequence number is durable when the change is.
//
// Threads: all functions are for any thread. `write` and `written` never wait for the disk. Callbacks
// run on the flusher (`when_durable`) or on a reading thread (`read_async`), or at once, and no lock is
// held; they must not wait. The destructor flushes once, then stops; callbacks of what could not be
// flushed are dropped. It must not run in a callback.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "kernel/journal.h"

namespace kinode::modules {

class RocksJournal final : public kernel::Journal {
 public:
  struct Options {
    /// What may wait in memory for the disk; then writes fail.
    size_t pending_bytes = size_t{512} << 20;
    /// How long a group stays open while nobody asks for its durability.
    std::chrono::milliseconds linger{5};
    /// From one look at a failed disk to the next.
    std::chrono::milliseconds retry{1000};
    /// Told, on the flusher's thread, when the disk fails and when it is well again.
    std::function<void(std::string)> report;
  };

  /// Opens the store of `home`, or makes one. Fails when another node has it, when a newer node or
  /// another program wrote it, and when the disk fails.
  static Result<std::unique_ptr<RocksJournal>> open(const std::filesystem::path& home, Options options);
  static Result<std::unique_ptr<RocksJournal>> open(const std::filesystem::path& home) { return open(home, Options{}); }
  ~RocksJournal() override;

  /// Has `flush` called on the flusher's thread before each group is committed, after those added before. While
  /// it fails nothing becomes durable, as with a failed disk, and it is tried again. Before others use the journal;
  /// what `flush` needs must outlive it.
  void also_flush(std::function<Result<void>()> flush);

  Result<uint64_t> write(const kernel::Batch& batch) override;
  [[nodiscard]] uint64_t written() const override;
  void when_durable(uint64_t sequence, std::function<void()> done) override;
  Result<std::optional<Bytes>> read(const std::string& key) override;
  void read_async(std::string key, std::function<void(Result<std::optional<Bytes>>)> done) override;
  /// Shows one moment. `visit` may write, and must not wait for another thread's read.
  Result<void> scan(std::string_view prefix,
                    const std::function<Result<void>(std::string_view, Bytes)>& visit) override;

  /// Puts a copy of the store, with all writes that returned before, at `target`, in place of what is
  /// there. Waits for the disk. Fails when that does, and while writes fail.
  Result<void> checkpoint(const std::filesystem::path& target);
  /// Where the copy goes that state:distro:sys is asked for.
  [[nodiscard]] std::filesystem::path backup_path() const;

 private:
  struct State;
  explicit RocksJournal(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace kinode::modules
