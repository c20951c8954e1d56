// What the person who starts the node says: the command line, and KINODE_PASSWORD.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "node/process_verbosity.h"

namespace kinode::node {

struct Options {
  std::string home;
  /// HTTP. None: the first free one from 8080.
  std::optional<uint16_t> port;
  /// For other nodes. None: the first free ones from 9000 and from 10000. 0: not by this protocol.
  std::optional<uint16_t> ws_port;
  std::optional<uint16_t> tcp_port;
  /// Where other nodes reach this one; without it those of this machine do.
  std::optional<std::string> ip;
  /// Nodes that pass connections on to this one, which opens no port then.
  std::vector<std::string> routers;
  /// Empty: peers.toml in the home.
  std::string peers_file;
  std::optional<size_t> max_peers;
  size_t max_passthroughs = 0;
  uint8_t verbosity = 0;
  ProcessVerbosity process_verbosity;
  /// No input from the terminal: none is wanted, or there is none.
  bool detached = false;
  std::optional<std::string> password;
  std::optional<std::string> node_name;
  std::optional<std::string> devnet;
  /// Packages to install as shipped ones, beside those embedded.
  std::vector<std::string> bootstrap;
  /// Where compiled components are kept; empty: in the home.
  std::string component_cache;
  bool logging = true;
  uint64_t max_log_size = 16'000'000;
  uint64_t log_files = 4;
  size_t max_processes = 30'000;
  /// Seconds that a request to a process, over HTTP, waits for its response.
  uint64_t http_timeout = 15;
  size_t max_websockets = 10'000;
  /// Bytes that the drives of one package may hold.
  uint64_t drive_quota = uint64_t{64} << 30U;
  /// Certificates that http-client trusts beside the system's; empty: none.
  std::string ca_file;
  /// Every process may send HTTP requests to this machine.
  bool allow_local_requests = false;
};

/// What `main` does in place of running a node: print this and exit with this.
struct EarlyExit {
  std::string text;
  int status = 0;
};

/// Options, or what to say instead: help, the version, or what is wrong with the command line.
std::expected<Options, EarlyExit> parse_options(int argc, const char* const* argv);

}  // namespace kinode::node
