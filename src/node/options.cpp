#include "node/options.h"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <sstream>

#include "node/version.h"
#include "types/address.h"

namespace kinode::node {

namespace {

constexpr uint64_t most_log_bytes = uint64_t{1} << 60U;
constexpr uint64_t least_drive_quota = uint64_t{1} << 20U;
constexpr uint64_t most_drive_quota = uint64_t{1} << 60U;

CLI::Option* add_port(CLI::App& app, const std::string& name, std::optional<uint16_t>& port, const std::string& text) {
  return app.add_option(name, port, text)->check(CLI::Range(0, 65'535))->type_name("PORT");
}

void add_network_options(CLI::App& app, Options& options) {
  add_port(app, "--ws-port", options.ws_port,
           "Port for other nodes, WebSocket; 0: none (default: the first free one from 9000)");
  add_port(app, "--tcp-port", options.tcp_port,
           "Port for other nodes, TCP; 0: none (default: the first free one from 10000)");
  CLI::Option* ip = app.add_option("--ip", options.ip,
                                   "Address where other nodes reach this one (default: only those on this machine do)")
                        ->check(CLI::ValidIPV4)
                        ->type_name("ADDRESS");
  app.add_option("--router", options.routers,
                 "Node that passes connections on to this one, which then opens no port; may be repeated "
                 "(default: those in its keyfile)")
      ->allow_extra_args(false)
      ->excludes(ip)
      ->type_name("NAME");
  app.add_option("--peers", options.peers_file, "File of other nodes' records (default: peers.toml in the home)")
      ->type_name("FILE");
  app.add_option("--max-peers", options.max_peers, "Connections with other nodes at most")
      ->check(CLI::Range(1, 1'000'000))
      ->type_name("N");
  app.add_option("--max-passthroughs", options.max_passthroughs,
                 "Connections of others that this node passes on as a router, at most")
      ->check(CLI::Range(0, 1'000'000))
      ->type_name("N")
      ->capture_default_str();
}

void add_http_client_options(CLI::App& app, Options& options) {
  app.add_option("--ca-file", options.ca_file,
                 "File of certificates, PEM, that processes' HTTPS requests trust beside the system's")
      ->type_name("FILE");
  app.add_flag("--allow-local-requests", options.allow_local_requests,
               "Let every process send HTTP requests to this machine, as on a development node (default: those alone "
               "that hold the capability)");
}

void add_options(CLI::App& app, Options& options) {
  app.set_version_flag("--version", fmt::format("kinode {}", version), "Print the version");
  app.set_help_flag("-h,--help", "Print this");
  app.add_option("HOME", options.home, "Folder that holds everything of this node; made if it is not there")
      ->required()
      ->type_name("FOLDER");
  add_port(app, "-p,--port", options.port, "Port for HTTP (default: the first free one from 8080)");
  add_network_options(app, options);
  app.add_option("-v,--verbosity", options.verbosity, "What is shown: 0 always, 1 debugging, 2 detail, 3 everything")
      ->check(CLI::Range(0, 3))
      ->type_name("0-3");
  app.add_option_function<std::string>(
         "--process-verbosity",
         [&options](const std::string& json) {
           Result<ProcessVerbosity> parsed = parse_process_verbosity(json);
           if (!parsed) {
             throw CLI::ValidationError("--process-verbosity", parsed.error().message);
           }
           options.process_verbosity = std::move(*parsed);
         },
         R"(What single processes show, as {"PROCESS":{"U8":0-3},"OTHER":"Muted"})")
      ->type_name("JSON");
  app.add_flag("-d,--detached", options.detached, "Take no input from the terminal");
  app.add_option("--password", options.password, "Password of the node's keys")->envname("KINODE_PASSWORD");
  app.add_option("--fake-node-name", options.node_name,
                 "Name of a development node (default: the name its home has, else node.dev)")
      ->type_name("NAME");
  app.add_option("--devnet", options.devnet, "Folder in which development nodes on this machine find each other")
      ->type_name("FOLDER");
  app.add_option("--bootstrap", options.bootstrap,
                 "Package folder, package zip or distro bundle to install as shipped packages; may be repeated")
      ->allow_extra_args(false)
      ->type_name("PATH");
  app.add_option("--component-cache", options.component_cache,
                 "Folder for compiled components, to share between nodes of one user (default: in the home)")
      ->envname("KINODE_COMPONENT_CACHE")
      ->type_name("FOLDER");
  app.add_option("--max-log-size", options.max_log_size, "Bytes of all log files together; 0: no limit")
      ->check(CLI::Range(uint64_t{0}, most_log_bytes))
      ->type_name("BYTES")
      ->capture_default_str();
  app.add_option("--number-log-files", options.log_files, "Log files to keep")
      ->check(CLI::Range(1, 1000))
      ->type_name("N")
      ->capture_default_str();
  app.add_option("--max-processes", options.max_processes, "Processes at most")
      ->check(CLI::Range(16, 10'000'000))
      ->type_name("N")
      ->capture_default_str();
  app.add_option("--http-timeout", options.http_timeout,
                 "Seconds that a request over HTTP waits for the response of a process")
      ->check(CLI::Range(1, 3'600))
      ->type_name("SECONDS")
      ->capture_default_str();
  app.add_option("--max-websockets", options.max_websockets, "WebSockets of browsers and programs at most")
      ->check(CLI::Range(1, 1'000'000))
      ->type_name("N")
      ->capture_default_str();
  app.add_option("--drive-quota", options.drive_quota, "Bytes that the drives of one package may hold")
      ->check(CLI::Range(least_drive_quota, most_drive_quota))
      ->type_name("BYTES")
      ->capture_default_str();
  add_http_client_options(app, options);
}

}  // namespace

std::expected<Options, EarlyExit> parse_options(int argc, const char* const* argv) {
  Options options;
  bool logging_off = false;
  std::string unused;
  CLI::App app("A Kinode node: runs processes and lets them talk.", "kinode");
  app.footer(
      "kinode exec HOME LINE runs a line on a running node, as if it was typed there.\n"
      "kinode top HOME shows what a running node does.\n"
      "kinode identity makes, shows and moves a node's name and keys.\n"
      "kinode backup keeps the home elsewhere, and kinode restore brings it back.");
  add_options(app, options);
  app.add_flag("-l,--logging-off", logging_off, "Write no log file");
  // Kit of the first client gives these; there is no chain here to use them with.
  for (const char* name : {"--fakechain-port", "--rpc", "--rpc-config"}) {
    app.add_option(name, unused, "Accepted for the first client's tools; no effect")->type_name("X");
  }

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::ostringstream out;
    std::ostringstream err;
    int status = app.exit(error, out, err);
    return std::unexpected(EarlyExit{out.str() + err.str(), status == 0 ? 0 : 2});
  }
  options.logging = !logging_off;
  if (options.node_name && (!is_safe_node(*options.node_name) || *options.node_name == "our")) {
    return std::unexpected(EarlyExit{
        fmt::format("--fake-node-name: '{}' cannot be a node's name: it can only contain a-z, 0-9, `-`, `.`, and "
                    "not be `our`\n",
                    *options.node_name),
        2});
  }
  return options;
}

}  // namespace kinode::node
