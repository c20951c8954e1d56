// kit boot-fake-node: runs a node that has a name of its own choice and is known to no other network, for
// trying things out (packages-and-kit.md 6.2, 6.8). The node has the terminal; its home goes at the end.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kit/command.h"

namespace kinode::kit {

struct BootFakeNode {
  /// The program, or a checkout that was built; none: the program beside kit.
  std::optional<std::string> runtime_path;
  /// Defaults to kinode-fake-node in the folder for temporary files.
  std::optional<std::string> home;
  std::string name = "fake.dev";
  std::string password = "secret";
  std::optional<std::string> rpc;
  uint16_t port = default_port;
  uint16_t fakechain_port = 8545;
  unsigned verbosity = 0;
  bool persist = false;
};

/// The node's command line.
std::vector<std::string> node_command(const BootFakeNode& options, const std::string& program, const std::string& home);
/// The path of the program to run, or why there is none.
Result<std::string> find_node(const std::optional<std::string>& runtime_path);

Result<int> boot_fake_node(const BootFakeNode& options, Console console);
void add_boot_fake_node(CLI::App& app, Command& chosen);

}  // namespace kinode::kit
