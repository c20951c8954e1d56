// The home that a command is for: of a node that runs, or of one that does not, whose lock is then held here.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"
#include "modules/state/home_lock.h"

namespace kinode::backup_tool {

struct Home {
  std::filesystem::path path;
  /// None: a node runs.
  std::optional<modules::HomeLock> lock;

  [[nodiscard]] bool is_running() const { return !lock.has_value(); }
};

/// Fails where there is no home.
Result<Home> find_home(const std::filesystem::path& path);
/// The same of a node that must not run, since what it has open is changed.
Result<Home> find_stopped_home(const std::filesystem::path& path);

/// The name of the node of a stopped home, as its keyfile or its store has it.
Result<std::string> node_name(const Home& home);

}  // namespace kinode::backup_tool
