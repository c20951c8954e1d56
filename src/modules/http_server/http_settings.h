// Every setting and limit of the node's HTTP side, with its default.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace kinode::modules {

struct HttpSettings {
  std::string bind_address = "0.0.0.0";
  /// None: the first free one of 8080 to 8999. 0: one that the system chooses.
  std::optional<uint16_t> port;
  size_t threads = 2;

  /// How long POST /rpc:distro:sys/message waits for a response.
  std::chrono::seconds rpc_timeout{15};
  /// Body of one RPC request; packages are sent through it.
  size_t rpc_body_bytes = size_t{64} << 20;
  /// Body and blob of the message that answers an RPC request.
  size_t rpc_answer_bytes = size_t{64} << 20;
  /// RPC requests that wait for their response at one time; above it: 503.
  size_t rpc_waiting = 1'024;

  /// Request line and headers: above it 431.
  uint32_t header_bytes = 16U << 10;
  /// Bodies of all requests being read or answered, together; above it: 503.
  size_t all_body_bytes = size_t{512} << 20;

  size_t connections = 1'024;
  /// So many of `connections` are kept for clients on this machine.
  size_t connections_kept_for_loopback = 64;

  /// From the first byte of a request, or from the start of a connection, to the end of its headers.
  std::chrono::milliseconds header_timeout{10'000};
  /// Between two requests of a connection.
  std::chrono::milliseconds idle_timeout{60'000};
  /// For a body, either way: so long, and a second more for each `slowest_bytes` of it.
  std::chrono::milliseconds body_timeout{30'000};
  size_t slowest_bytes = size_t{64} << 10;
  /// How long a connection waits for whoever is to answer, when that says nothing.
  std::chrono::milliseconds answer_timeout{660'000};
  /// How long a connection that ends with an answer is kept so that the client can read it.
  std::chrono::milliseconds linger_timeout{2'000};
};

}  // namespace kinode::modules
