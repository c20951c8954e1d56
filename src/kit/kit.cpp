#include "kit/kit.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <ostream>

#include "kit/boot_fake_node.h"
#include "kit/inject_message.h"
#include "kit/remove_package.h"
#include "kit/start_package.h"

namespace kinode::kit {

void add_port_option(CLI::App& command, uint16_t& port) {
  command.add_option("-p,--port", port, "The node's HTTP port")->capture_default_str()->check(CLI::Range(1, 65535));
}

int run(const std::vector<std::string>& arguments, Console console) {
  CLI::App app("The developer's tool for Kinode packages and nodes", "kit");
  app.set_version_flag("--version", "kit " KINODE_VERSION);
  app.require_subcommand(1);
  Command chosen;
  add_start_package(app, chosen);
  add_remove_package(app, chosen);
  add_inject_message(app, chosen);
  add_boot_fake_node(app, chosen);

  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  reversed.pop_back();
  try {
    app.parse(std::move(reversed));
  } catch (const CLI::ParseError& error) {
    return app.exit(error, console.out, console.err) == 0 ? 0 : 2;
  }
  const Result<int> status = chosen(console);
  if (!status) {
    console.err << "Error: " << status.error().message << '\n';
    return 1;
  }
  return *status;
}

}  // namespace kinode::kit
