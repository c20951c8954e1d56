// What processes ask of http-server:distro:sys, and what it answers, in JSON (modules.md 6.1).
//
//   {"Bind":{"path":s,"authenticated":b,"local_only":b,"cache":b}}       with `cache` the content is the blob
//   {"SecureBind":{"path":s,"cache":b}}
//   {"Unbind":{"path":s}}
//   {"WebSocketBind":{"path":s,"authenticated":b,"extension":b}}
//   {"WebSocketSecureBind":{"path":s,"extension":b}}
//   {"WebSocketUnbind":{"path":s}}
//   {"WebSocketPush":{"channel_id":u32,"message_type":T}}                the payload is the blob
//   {"WebSocketExtPushOutgoing":{"channel_id":u32,"message_type":T,"desired_reply_type":"Request"|"Response"}}
//   {"WebSocketClose":u32}
//
// T is "Text", "Binary", "Ping", "Pong" or "Close".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "modules/http_server/websocket_frame.h"

namespace kinode::modules {

struct BindAction {
  std::string path;
  bool authenticated = false;
  bool local_only = false;
  bool cache = false;
  bool secure = false;
};
struct UnbindAction {
  std::string path;
};
struct BindSocketAction {
  std::string path;
  bool authenticated = false;
  bool extension = false;
  bool secure = false;
};
struct UnbindSocketAction {
  std::string path;
};
struct PushAction {
  uint32_t channel = 0;
  FrameType type = FrameType::text;
};
struct ExtensionPushAction {
  uint32_t channel = 0;
  FrameType type = FrameType::binary;
  /// Whether the extension's answer is the response to this request, or a request of its own.
  bool wants_response = false;
};
struct CloseAction {
  uint32_t channel = 0;
};

using ServerAction = std::variant<BindAction, UnbindAction, BindSocketAction, UnbindSocketAction, PushAction,
                                  ExtensionPushAction, CloseAction>;

/// Fails with the place of the first thing that is wrong. A text over 1 MiB is wrong.
Result<ServerAction> read_server_action(std::string_view json);

namespace server_answers {
inline constexpr std::string_view ok = R"({"Ok":null})";
inline constexpr std::string_view malformed_request = R"({"Err":"MalformedRequest"})";
inline constexpr std::string_view no_blob = R"({"Err":"NoBlob"})";
inline constexpr std::string_view ping_pong_too_long = R"({"Err":"WsPingPongTooLong"})";
inline constexpr std::string_view channel_not_found = R"({"Err":"WsChannelNotFound"})";
}  // namespace server_answers

/// What a process is told of its WebSockets.
namespace socket_messages {
std::string open(std::string_view path, uint32_t channel);
std::string push(uint32_t channel, FrameType type);
std::string close(uint32_t channel);
}  // namespace socket_messages

}  // namespace kinode::modules
