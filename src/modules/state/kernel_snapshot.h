// KernelSnapshot: the kernel's store as a part of a snapshot.
//
// It is not held: a checkpoint is the store at one moment, and what others hold meanwhile cannot be ahead of it.
#pragma once

#include "modules/snapshot_source.h"
#include "modules/state/rocks_journal.h"

namespace kinode::modules {

class KernelSnapshot final : public SnapshotSource {
 public:
  /// The journal outlives it.
  explicit KernelSnapshot(RocksJournal& journal) : journal_(journal) {}

  [[nodiscard]] std::string_view name() const override { return "kernel"; }
  Result<void> hold(std::chrono::milliseconds /*patience*/) override { return {}; }
  void release() override {}
  Result<std::unique_ptr<Capture>> capture(const std::filesystem::path& folder) override {
    Result<void> made = journal_.checkpoint(folder);
    return made ? Result<std::unique_ptr<Capture>>(std::make_unique<Whole>()) : std::unexpected(made.error());
  }

 private:
  /// The checkpoint is a store of its own.
  class Whole final : public Capture {
   public:
    Result<void> complete(const std::stop_token& /*stop*/) override { return {}; }
  };

  RocksJournal& journal_;
};

}  // namespace kinode::modules
