#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "kinode/json.h"
#include "kinode/process.h"

/// Pages and WebSockets: requests to `http-server:distro:sys`, each awaited, and what it tells this process. The
/// process needs messaging with http-server, both ways (`request_capabilities` and, unless it is public,
/// `grant_capabilities` in its manifest).
///
///     void init(kinode::Address) {
///       kinode::http_server::bind("/notes/:id");
///       while (true) {
///         auto message = kinode::receive();
///         auto event = message ? kinode::http_server::event_of(*message) : std::nullopt;
///         if (!event) continue;
///         if (auto* request = std::get_if<kinode::http_server::Request>(&*event)) {
///           kinode::http_server::answer(200, {{"Content-Type", "text/plain"}}, request->url_parameters["id"]);
///         }
///       }
///     }
///
/// Paths are below `/process:package:publisher` of this process; `:name` in one stands for a segment, `*name` for the
/// rest. They are bound for the life of the process: it binds them at every start.

namespace kinode::http_server {

/// What http-server said, as text: `NoBlob`, `WsChannelNotFound`, ...; or `Timeout` where it said nothing.
struct Error {
  std::string text;
};

template <class T>
using Result = std::expected<T, Error>;

/// Who may have a page.
struct Access {
  /// The node's owner alone, who has logged in.
  bool authenticated = true;
  /// From the node's own machine alone.
  bool local_only = false;
};

Result<void> bind(std::string_view path, Access access = {});
/// GET is answered with `content`, which has a media type, without asking this process.
Result<void> bind_content(std::string_view path, Blob content, Access access = {});
/// The same on a host of this package's own, where no other package's pages reach it.
Result<void> bind_secure(std::string_view path);
Result<void> bind_secure_content(std::string_view path, Blob content);
/// The path is not found from then on.
Result<void> unbind(std::string_view path);

Result<void> bind_socket(std::string_view path, bool authenticated = true);
Result<void> bind_secure_socket(std::string_view path);
Result<void> unbind_socket(std::string_view path);

using Headers = std::map<std::string, std::string>;

/// A request that waits for `answer`; its body is the blob of the message.
struct Request {
  std::string method;
  /// With the process's id, without host and query; percent-encoded as it came.
  std::string path;
  /// As it was bound, with the process's id.
  std::string bound_path;
  /// Names in lower case.
  Headers headers;
  /// By the names in the bound path; percent-encoded as they came.
  std::map<std::string, std::string> url_parameters;
  std::map<std::string, std::string> query_parameters;
};

using Channel = uint32_t;
enum class FrameType { text, binary, ping, pong, close };

struct SocketOpened {
  Channel channel;
  /// As the client asked for it, without the process's id.
  std::string path;
};
/// The payload is the blob of the message.
struct SocketFrame {
  Channel channel;
  FrameType type;
};
struct SocketClosed {
  Channel channel;
};

using Event = std::variant<Request, SocketOpened, SocketFrame, SocketClosed>;
/// What http-server tells by this message; nothing for any other message.
std::optional<Event> event_of(const Message& message);

/// Answers the request being handled.
void answer(uint16_t status, const Headers& headers = {}, const Bytes& body = {});

/// A text must be UTF-8; a ping or pong has 125 bytes at most. A client that is too slow is cut off.
Result<void> push(Channel channel, FrameType type, Bytes payload);
Result<void> close(Channel channel);

}  // namespace kinode::http_server
