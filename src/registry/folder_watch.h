// FolderWatch: tells when files of a folder came, changed or went.
//
// Threads: one of its own, which calls `changed` after each change.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "base/result.h"

namespace kinode::registry {

class FolderWatch {
 public:
  /// Calls `changed` once itself.
  static Result<std::unique_ptr<FolderWatch>> start(const std::string& folder, std::function<void()> changed);
  /// Waits for a call of `changed` that runs.
  ~FolderWatch();
  FolderWatch(const FolderWatch&) = delete;
  FolderWatch& operator=(const FolderWatch&) = delete;

 private:
  FolderWatch(int events, int stop, std::function<void()> changed);
  void watch();

  const int events_;
  const int stop_;
  const std::function<void()> changed_;
  std::thread thread_;
};

}  // namespace kinode::registry
