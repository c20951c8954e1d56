// kit start-package: installs a built package on a node and starts it (packages-and-kit.md 2.2, 6.2).
#pragma once

#include <string>

#include "kit/command.h"

namespace kinode::kit {

struct StartPackage {
  /// The package folder: metadata.json and pkg/.
  std::string folder = ".";
  uint16_t port = default_port;
};

Result<int> start_package(const StartPackage& options, Console console);
void add_start_package(CLI::App& app, Command& chosen);

}  // namespace kinode::kit
