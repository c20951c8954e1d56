#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "kinode/process.h"

/// The web, seen from a process: requests to `http-client:distro:sys`, each awaited, and sockets. The process needs
/// messaging with http-client, both ways (`request_capabilities` and, unless it is public, `grant_capabilities` in its
/// manifest). Servers on the node's own machine are refused unless the manifest asks for that too:
///
///     "request_capabilities": ["http-client:distro:sys",
///                              {"process": "http-client:distro:sys", "params": {"local": true}}]

namespace kinode::http_client {

/// What http-client said, as text: `ExecuteRequestFailed: ...`, `WsOpenFailed: ...`, ...; or `Timeout`, `Offline` where
/// it said nothing.
struct Error {
  std::string text;
};

template <class T>
using Result = std::expected<T, Error>;

using Headers = std::map<std::string, std::string>;

// ---- HTTP ----------------------------------------------------------------------------------------

struct Request {
  std::string method = "GET";
  std::string url;
  Headers headers{};
  Bytes body{};
  /// Bounds all of it: redirects, the answer's last byte.
  uint64_t timeout_s = 30;
};

struct Reply {
  uint16_t status = 0;
  /// Names as `Content-Type`; of several of one name the last.
  Headers headers;
  Bytes body;
};

/// An answer of any status is one; redirects are followed.
Result<Reply> fetch(const Request& request);

// ---- WebSocket -----------------------------------------------------------------------------------

enum class Frame { text, binary, ping, pong, close };

/// Opens a socket under a number of this process's choice; one that it has under that number is replaced. What comes is
/// received as a message: `event_of`.
Result<void> open_socket(std::string_view url, uint32_t channel, const Headers& headers = {});
/// Waits until the frame is written. A ping, pong or close has no payload.
Result<void> push(uint32_t channel, Frame frame, Bytes payload = {});
Result<void> close_socket(uint32_t channel);

/// What a socket says.
struct Event {
  uint32_t channel = 0;
  /// None: the socket is closed. A text's or binary's payload is the message's blob.
  std::optional<Frame> frame;
};
/// Nothing where `message` is not one of a socket.
std::optional<Event> event_of(const Message& message);

}  // namespace kinode::http_client
