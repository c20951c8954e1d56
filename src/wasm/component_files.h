// ComponentFiles: the folder of compiled components. See component_cache.h for its promises.
// Thread-safe: it has no state but the folder's. Waits for the disk.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "base/result.h"
#include "wasm/engine.h"

namespace kinode::wasm {

class ComponentFiles {
 public:
  /// Makes the folder if it is not there. Fails if it is not a folder that is ours alone.
  static Result<ComponentFiles> open(std::filesystem::path folder, uint64_t limit);

  /// The file's path: it need not be there.
  [[nodiscard]] std::filesystem::path path(const std::string& digest, uint64_t compatibility_hash) const;
  /// Ok if there is a file that may be loaded and is whole, and notes that it was used.
  [[nodiscard]] Result<void> check(const std::filesystem::path& file) const;
  /// Puts a file in place as a whole, then removes those used longest ago while there is too much.
  [[nodiscard]] Result<void> write(const std::filesystem::path& file, std::string_view content) const;

 private:
  ComponentFiles(std::filesystem::path folder, uint64_t limit) : folder_(std::move(folder)), limit_(limit) {}
  void make_room(const std::filesystem::path& keep) const;

  std::filesystem::path folder_;
  uint64_t limit_;
};

}  // namespace kinode::wasm
