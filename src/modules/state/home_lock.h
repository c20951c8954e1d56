// HomeLock: one node to a home. Held as long as the value lives, and let go by the system when the
// program ends, however it ends. Into it the node writes its process id and, once it has one, its HTTP port, a line
// each, for programs that want to talk to the node of a home.
#pragma once

#include <cstdint>
#include <filesystem>

#include "base/result.h"

namespace kinode::modules {

class HomeLock {
 public:
  /// Takes `<home>/.lock`, making the home where there is none. Fails at once when another program has
  /// it, and names that by its process id.
  static Result<HomeLock> take(const std::filesystem::path& home);

  /// For `port_of_node`.
  void publish_port(uint16_t port) const;

  /// The HTTP port of the node that runs on `home`. Fails, with what to do, when none does.
  static Result<uint16_t> port_of_node(const std::filesystem::path& home);

  HomeLock(HomeLock&& other) noexcept;
  HomeLock& operator=(HomeLock&& other) noexcept;
  ~HomeLock();

 private:
  explicit HomeLock(int file) : file_(file) {}
  int file_;
};

}  // namespace kinode::modules
