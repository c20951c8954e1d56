// A journal in memory whose disk the test plays by hand: nothing is durable until `flush`, and what
// was not can be lost.
//
//   journal.write(batch);            // visible to reads at once
//   journal.flush();                 // durable; `when_durable` callbacks run in here
//   auto next = journal.after_crash();   // what the next start of the node finds
//
// Any thread. Callbacks run without the journal's lock, on the thread that flushes or reads.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "kernel/journal.h"

namespace kinode::kernel::testing {

class MemoryJournal final : public Journal {
 public:
  using Content = std::map<std::string, Bytes, std::less<>>;

  MemoryJournal() = default;
  explicit MemoryJournal(Content content) : disk_(content), visible_(std::move(content)) {}

  Result<uint64_t> write(const Batch& batch) override;
  [[nodiscard]] uint64_t written() const override;
  void when_durable(uint64_t sequence, std::function<void()> done) override;
  Result<std::optional<Bytes>> read(const std::string& key) override;
  void read_async(std::string key, std::function<void(Result<std::optional<Bytes>>)> done) override;
  Result<void> scan(std::string_view prefix,
                    const std::function<Result<void>(std::string_view, Bytes)>& visit) override;

  // ---- the disk, by hand ------------------------------------------------------------------------

  /// Makes writes up to `sequence`, or all, durable.
  void flush(uint64_t sequence = UINT64_MAX);
  /// From now on each write is durable when it returns.
  void flush_always();
  [[nodiscard]] uint64_t durable() const;
  /// A journal with what a crash leaves: the durable writes, and those up to `also_kept` where a crash
  /// leaves more. This one stays as it is; its pending callbacks never run.
  [[nodiscard]] std::unique_ptr<MemoryJournal> after_crash(uint64_t also_kept = 0) const;
  /// All writes and reads fail with this error until `recover`. Nothing becomes durable meanwhile.
  void fail(Error error);
  void recover();
  /// From now on reads of read_async wait for `answer_reads`.
  void hold_reads();
  /// Answers the reads that wait; those the answers lead to wait again. Returns how many.
  size_t answer_reads();

  /// What reads see now.
  [[nodiscard]] Content content() const;

 private:
  struct HeldRead {
    std::string key;
    std::function<void(Result<std::optional<Bytes>>)> done;
  };
  static void apply(Content& content, const Batch& batch);

  mutable std::mutex mutex_;
  Content disk_;
  Content visible_;
  std::deque<Batch> unflushed_;  // those of the sequences durable_ + 1 ... written_
  uint64_t written_ = 0;
  uint64_t durable_ = 0;
  std::multimap<uint64_t, std::function<void()>> waiting_;
  bool flush_always_ = false;
  std::optional<Error> failure_;
  bool hold_reads_ = false;
  std::deque<HeldRead> held_;
};

}  // namespace kinode::kernel::testing
