#include "node/options.h"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <sstream>

#include "node/version.h"
#include "types/address.h"

namespace kinode::node {

std::expected<Options, EarlyExit> parse_options(int argc, const char* const* argv) {
  Options options;
  CLI::App app("A Kinode node: runs processes and lets them talk.", "kinode");
  app.set_version_flag("--version", fmt::format("kinode {}", version));
  app.add_option("home", options.home, "Folder that holds everything of this node; made if it is not there")
      ->required();
  app.add_option("-p,--port", options.port, "Port for HTTP (default: the first free one from 8080)");
  app.add_option("--ws-port", options.ws_port, "Port for other nodes, WebSocket");
  app.add_option("--tcp-port", options.tcp_port, "Port for other nodes, TCP");
  app.add_option("-v,--verbosity", options.verbosity, "What is shown: 0 always, 1 debugging, 2 detail, 3 every message")
      ->check(CLI::Range(0, 3));
  app.add_flag("-d,--detached", options.detached, "Take no input from the terminal");
  app.add_option("--password", options.password, "Password of the node's keys")->envname("KINODE_PASSWORD");
  app.add_option("--fake-node-name", options.node_name,
                 "Name of a development node (default: the name its home has, else node.dev)");
  app.add_option("--devnet", options.devnet, "Folder in which development nodes on this machine find each other");
  app.add_option("--bootstrap", options.bootstrap,
                 "Package folder, package zip or distro bundle to install as shipped packages; may be repeated");
  app.add_option("--component-cache", options.component_cache,
                 "Folder for compiled components, to share between nodes of one user (default: in the home)")
      ->envname("KINODE_COMPONENT_CACHE");
  bool logging_off = false;
  app.add_flag("-l,--logging-off", logging_off, "Write no log file");
  app.add_option("--max-log-size", options.max_log_size, "Bytes of all log files together; 0: no limit");
  app.add_option("--number-log-files", options.log_files, "Log files to keep")->check(CLI::Range(1, 1000));
  app.add_option("--max-processes", options.max_processes, "Processes at most")->check(CLI::Range(16, 10'000'000));
  // Kit of the first client gives these; there is no chain here to use them with.
  std::string unused;
  app.add_option("--fakechain-port,--rpc,--rpc-config", unused, "Accepted for the first client's tools; no effect");

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::ostringstream out;
    std::ostringstream err;
    int status = app.exit(error, out, err);
    return std::unexpected(EarlyExit{out.str() + err.str(), status == 0 ? 0 : 2});
  }
  options.logging = !logging_off;
  if (options.node_name && !is_safe_node(*options.node_name)) {
    return std::unexpected(
        EarlyExit{fmt::format("--fake-node-name: '{}' can only contain a-z, 0-9, `-`, `.`\n", *options.node_name), 2});
  }
  return options;
}

}  // namespace kinode::node
