// PlainFolder: a folder of the home as a part of a snapshot by copying it file by file. Nothing is held back, so each
// file is as it is when it is copied: for parts that have no source of their own.
#pragma once

#include <filesystem>
#include <string>
#include <utility>

#include "modules/snapshot_source.h"

namespace kinode::backup {

class PlainFolder final : public modules::SnapshotSource {
 public:
  PlainFolder(const std::filesystem::path& home, std::string name) : folder_(home / name), name_(std::move(name)) {}

  [[nodiscard]] std::string_view name() const override { return name_; }
  Result<void> hold(std::chrono::milliseconds /*patience*/) override { return {}; }
  void release() override {}
  Result<std::unique_ptr<Capture>> capture(const std::filesystem::path& folder) override {
    return std::make_unique<Copy>(folder_, folder);
  }

 private:
  class Copy final : public Capture {
   public:
    Copy(std::filesystem::path from, std::filesystem::path to) : from_(std::move(from)), to_(std::move(to)) {}
    Result<void> complete() override;

   private:
    const std::filesystem::path from_;
    const std::filesystem::path to_;
  };

  const std::filesystem::path folder_;
  const std::string name_;
};

}  // namespace kinode::backup
