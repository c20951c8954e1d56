// kit remove-package: stops a package's processes and uninstalls it (packages-and-kit.md 2.6, 6.2). Its data
// stay on the node.
#pragma once

#include <optional>
#include <string>

#include "kit/command.h"

namespace kinode::kit {

struct RemovePackage {
  /// Where metadata.json lies; read for what is not given below.
  std::string folder = ".";
  std::optional<std::string> package;
  std::optional<std::string> publisher;
  uint16_t port = default_port;
};

Result<int> remove_package(const RemovePackage& options, Console console);
void add_remove_package(CLI::App& app, Command& chosen);

}  // namespace kinode::kit
