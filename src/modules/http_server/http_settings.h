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

  /// How long a request, to a bound path or POST /rpc:distro:sys/message, waits for a process's response.
  std::chrono::seconds response_timeout{15};
  /// Requests that wait for the response of one process; above it: 503.
  size_t waiting_of_process = 1'024;
  /// Body of one RPC request; packages are sent through it.
  size_t rpc_body_bytes = size_t{64} << 20;
  /// Body and blob of the message that answers an RPC request.
  size_t rpc_answer_bytes = size_t{64} << 20;

  /// Body of one request to a bound path.
  size_t body_bytes = size_t{64} << 20;
  /// Paths that one process has bound or unbound; how many of them have parameters.
  size_t bindings_of_process = 4'096;
  size_t patterns_of_process = 256;
  /// One bound path, with the process's id; its parameters.
  size_t bound_path_bytes = 1'024;
  size_t bound_path_parameters = 16;
  /// Content that is served without asking its process: of one process, of all.
  size_t content_bytes_of_process = size_t{256} << 20;
  size_t all_content_bytes = size_t{1} << 30;

  /// WebSockets that are open; without a login those of one process may be a quarter.
  size_t websockets = 10'000;
  /// One message of a WebSocket, either way.
  size_t websocket_message_bytes = size_t{64} << 20;
  /// Frames that wait for one client, and their bytes with those of all other clients: beyond, it is closed.
  size_t websocket_frames_waiting = 1'024;
  size_t all_websocket_bytes = size_t{256} << 20;

  /// Logins that are tried: of one address at once, and one more each `login_interval`; of all other machines
  /// together ten times as many.
  size_t login_attempts = 5;
  std::chrono::seconds login_interval{10};

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
  [[nodiscard]] std::chrono::milliseconds time_for(size_t bytes) const {
    return body_timeout + std::chrono::milliseconds(bytes * 1000 / slowest_bytes);
  }
  /// How long a connection waits for whoever is to answer, when that says nothing.
  std::chrono::milliseconds answer_timeout{660'000};
  /// How long a connection that ends with an answer is kept so that the client can read it.
  std::chrono::milliseconds linger_timeout{2'000};
};

}  // namespace kinode::modules
