// HomeLock: one node to a home. Held as long as the value lives, and let go by the system when the
// program ends, however it ends.
#pragma once

#include <filesystem>

#include "base/result.h"

namespace kinode::modules {

class HomeLock {
 public:
  /// Takes `<home>/.lock`, making the home where there is none. Fails at once when another program has
  /// it, and names that by its process id.
  static Result<HomeLock> take(const std::filesystem::path& home);

  HomeLock(HomeLock&& other) noexcept;
  HomeLock& operator=(HomeLock&& other) noexcept;
  ~HomeLock();

 private:
  explicit HomeLock(int file) : file_(file) {}
  int file_;
};

}  // namespace kinode::modules
