// Actions and answers of http-client:distro:sys in JSON (modules.md 7).
//
//   {"Http":{"method":s,"version":s or null,"url":s,"headers":{...}}}   {"Ok":{"Http":{"status":u16,"headers":{...}}}}
//   {"WebSocketOpen":{"url":s,"headers":{...},"channel_id":u32}}        {"Ok":"WebSocketAck"}
//   {"WebSocketPush":{"channel_id":u32,"message_type":T}}               the same
//   {"WebSocketClose":{"channel_id":u32}}                               the same
//
// and {"Err":...}, as ActionError makes it. To the process that opened a socket, as requests:
//
//   {"WebSocketPush":{"channel_id":u32,"message_type":T}}
//   {"WebSocketClose":{"channel_id":u32}}
//
// Any thread.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "modules/http_client/settings.h"
#include "modules/http_client/url.h"

namespace kinode::modules::http_client {

/// The answer that something did not work, and why, for the log: not all answers have room for it.
struct ActionError {
  std::string body;
  std::string reason;
};
template <class T>
using ActionResult = std::expected<T, ActionError>;

namespace errors {
ActionError malformed(std::string reason);
ActionError bad_method(std::string_view method);
ActionError bad_url(std::string_view url, std::string reason);
ActionError bad_version(std::string_view version);
/// What kept a request from its answer.
ActionError execute_failed(std::string reason);
ActionError open_failed(std::string_view url, std::string reason);
ActionError unknown_channel(uint32_t channel);
ActionError no_blob();
ActionError bad_text();
ActionError close_failed(uint32_t channel);
}  // namespace errors

/// Name and value, both fit to be sent: a process's others are left out, and those that are the connection's affair
/// (Connection, Content-Length, Transfer-Encoding and so on).
using Headers = std::vector<std::pair<std::string, std::string>>;

struct HttpAction {
  std::string method;
  /// 10 or 11.
  unsigned version = 11;
  Url url;
  Headers headers;
};

struct OpenAction {
  Url url;
  /// As the process wrote it, for the error.
  std::string url_text;
  Headers headers;
  uint32_t channel = 0;
};

enum class FrameType : uint8_t { text, binary, ping, pong, close };

struct PushAction {
  uint32_t channel = 0;
  FrameType type = FrameType::text;
};

struct CloseAction {
  uint32_t channel = 0;
};

using Action = std::variant<HttpAction, OpenAction, PushAction, CloseAction>;

ActionResult<Action> read_action(std::string_view body, const Settings& settings);

namespace answers {
std::string http(unsigned status, const Headers& headers);
std::string acknowledged();
}  // namespace answers

namespace events {
std::string push(uint32_t channel, FrameType type);
std::string close(uint32_t channel);
}  // namespace events

/// `content-type` as `Content-Type`.
std::string title_case(std::string_view name);

}  // namespace kinode::modules::http_client
