// Store: the journal that the kernel writes to, in front of a MemoryJournal, which plays the disk. It
// reads each record when it is written and keeps what they say together, so that the model can compare
// it with what was done, and knows what a crash must leave.
// One thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "kernel/testing/memory_journal.h"
#include "letter.h"
#include "trace.h"

namespace kinode::simulation {

struct StoredProcess {
  std::string handle;
  OnExit on_exit;
  bool is_public = false;

  friend bool operator==(const StoredProcess&, const StoredProcess&) = default;
};

/// What the records of a store say.
struct Stored {
  std::map<ProcessId, StoredProcess> processes;
  std::map<ProcessId, CapabilityMap> capabilities;  // also granted in advance
  std::map<ProcessId, std::string> states;

  /// Throws a Violation for a record that cannot be read.
  void apply(const kernel::Batch& batch);

  friend bool operator==(const Stored&, const Stored&) = default;

 private:
  void put(std::string_view key, const Bytes& value);
  void erase(std::string_view key);
};

class Store final : public kernel::Journal {
 public:
  using Content = kernel::testing::MemoryJournal::Content;
  explicit Store(Trace& trace, Content content = {});

  Result<uint64_t> write(const kernel::Batch& batch) override;
  [[nodiscard]] uint64_t written() const override { return batches_.size(); }
  void when_durable(uint64_t sequence, std::function<void()> done) override {
    disk_.when_durable(sequence, std::move(done));
  }
  Result<std::optional<Bytes>> read(const std::string& key) override { return disk_.read(key); }
  void read_async(std::string key, std::function<void(Result<std::optional<Bytes>>)> done) override {
    disk_.read_async(std::move(key), std::move(done));
  }
  Result<void> scan(std::string_view prefix,
                    const std::function<Result<void>(std::string_view, Bytes)>& visit) override {
    return disk_.scan(prefix, visit);
  }

  [[nodiscard]] kernel::testing::MemoryJournal& disk() { return disk_; }
  /// What all writes so far make.
  [[nodiscard]] const Stored& now() const { return now_; }
  /// What is left when all writes after the `kept` first ones are lost.
  [[nodiscard]] Stored after(uint64_t kept) const;

 private:
  Trace& trace_;
  kernel::testing::MemoryJournal disk_;
  Stored before_;  // the first write
  std::vector<kernel::Batch> batches_;
  Stored now_;
};

}  // namespace kinode::simulation
