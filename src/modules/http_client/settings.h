// Every setting and limit of http-client:distro:sys, with its default.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "modules/http_client/local_addresses.h"

namespace kinode::modules::http_client {

struct Settings {
  size_t threads = 2;

  /// Certificates trusted beside the system's, PEM; empty: none.
  std::string ca_file;
  /// All processes may reach this machine, not those alone that hold the capability.
  bool local_for_all = false;
  /// Which addresses that is about.
  std::function<bool(const boost::asio::ip::address&)> is_local = is_local_address;

  // ---- HTTP ---------------------------------------------------------------------------------------

  /// Requests under way: of one process, further ones wait for their turn; of all, further ones are refused.
  size_t running_of_one = 64;
  size_t running_of_all = 512;
  /// Requests of one process that wait for their turn.
  size_t waiting_of_one = 1'024;
  /// Text of an action.
  size_t action_bytes = size_t{1} << 20U;
  /// Headers of a request or an answer, with its first line.
  uint32_t header_bytes = 64U << 10U;
  /// Body of one answer.
  size_t answer_bytes = size_t{256} << 20U;
  /// Bodies of all requests and answers, and messages of sockets that are on their way, together.
  size_t all_bytes = size_t{512} << 20U;
  int redirects = 10;
  /// For a request that nobody waits for, or whose sender does not say how long; and the most that one may say.
  std::chrono::seconds default_time{300};
  std::chrono::seconds longest_time{3'600};
  /// One address that does not answer leaves the rest of the time to the others.
  std::chrono::milliseconds connect_time{10'000};
  /// Connections kept for the next request: of one process, of a thread; and how long.
  size_t idle_of_one = 6;
  size_t idle_of_thread = 64;
  std::chrono::milliseconds idle_time{30'000};

  // ---- WebSocket ----------------------------------------------------------------------------------

  size_t sockets_of_one = 64;
  size_t sockets_of_all = 512;
  /// To open one; to close one.
  std::chrono::milliseconds open_time{30'000};
  std::chrono::milliseconds close_time{10'000};
  size_t message_bytes = size_t{64} << 20U;
  /// Frames that wait to be written to one socket, and their bytes.
  size_t unsent_frames = 16'384;
  size_t unsent_bytes = size_t{64} << 20U;

  // ---- the mailbox --------------------------------------------------------------------------------

  /// Messages taken from the mailbox that no thread has looked at yet, and their bytes.
  size_t backlog_calls = 1'024;
  size_t backlog_bytes = size_t{64} << 20U;
};

}  // namespace kinode::modules::http_client
