#include "kit/boot_fake_node.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <ostream>

#include "kit/child_program.h"
#include "kit/node_home.h"

namespace kinode::kit {
namespace {

namespace fs = std::filesystem;

constexpr const char* built_program = "build/bin/kinode";

}  // namespace

std::vector<std::string> node_command(const BootFakeNode& options, const std::string& program,
                                      const std::string& home) {
  std::vector<std::string> command = {
      program, home, "--port", std::to_string(options.port), "--verbosity", std::to_string(options.verbosity)};
  if (options.rpc) {
    command.insert(command.end(), {"--rpc", *options.rpc});
  }
  command.insert(command.end(), {"--password", options.password, "--fake-node-name", options.name, "--fakechain-port",
                                 std::to_string(options.fakechain_port)});
  return command;
}

Result<std::string> find_node(const std::optional<std::string>& runtime_path) {
  std::error_code error;
  fs::path program;
  if (!runtime_path) {
    program = fs::read_symlink("/proc/self/exe", error).parent_path() / "kinode";
  } else {
    program = *runtime_path;
    if (fs::is_directory(program, error)) {
      program /= built_program;
    }
  }
  program = fs::absolute(program);
  if (!fs::is_regular_file(program, error)) {
    return fail("there is no program {}; build the node, or name its program or its built checkout with --runtime-path",
                program.string());
  }
  if (::access(program.c_str(), X_OK) != 0) {
    return fail("{} is not a program that can be run", program.string());
  }
  return program.string();
}

Result<int> boot_fake_node(const BootFakeNode& options, Console console) {
  auto program = find_node(options.runtime_path);
  if (!program) {
    return std::unexpected(program.error());
  }
  auto home =
      NodeHome::take(options.home.value_or((fs::temp_directory_path() / "kinode-fake-node").string()), options.persist);
  if (!home) {
    return std::unexpected(home.error());
  }
  console.err << "Booting " << options.name << " at http://localhost:" << options.port << ", home " << home->path()
              << (options.persist ? ", kept at the end" : ", removed at the end") << '\n'
              << std::flush;  // before the node's own lines
  return run_program(node_command(options, *program, home->path()));
}

void add_boot_fake_node(CLI::App& app, Command& chosen) {
  CLI::App* command = app.add_subcommand("boot-fake-node", "Run a node for trying things out, on this terminal");
  command->alias("f");
  auto options = std::make_shared<BootFakeNode>();
  command->add_option("-r,--runtime-path", options->runtime_path,
                      "The node's program, or its built checkout [the program beside kit]");
  command->add_option("-o,--home", options->home, "The node's home [kinode-fake-node in the temporary folder]");
  command->add_option("-f,--fake-node-name", options->name, "The node's name")->capture_default_str();
  command->add_option("-p,--port", options->port, "Its HTTP port")->capture_default_str()->check(CLI::Range(1, 65535));
  command->add_option("-c,--fakechain-port", options->fakechain_port, "Handed to the node, which needs no chain")
      ->capture_default_str();
  command->add_option("--rpc", options->rpc, "An Ethereum RPC endpoint, handed to the node");
  command->add_option("--password", options->password, "Its password")->capture_default_str();
  command->add_option("--verbosity", options->verbosity, "How much its terminal shows, 0 to 3")->capture_default_str();
  command->add_flag("--persist", options->persist, "Keep the home at the end");
  command->callback(
      [options, &chosen] { chosen = [options](Console console) { return boot_fake_node(*options, console); }; });
}

}  // namespace kinode::kit
