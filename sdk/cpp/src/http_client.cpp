#include "kinode/http_client.h"

#include <array>
#include <utility>

#include "module_call.h"

namespace kinode::http_client {

namespace {

constexpr uint64_t socket_timeout_s = 35;
constexpr std::string_view module_id = "http-client:distro:sys";
constexpr std::array frames = {std::pair{Frame::text, "Text"}, std::pair{Frame::binary, "Binary"},
                               std::pair{Frame::ping, "Ping"}, std::pair{Frame::pong, "Pong"},
                               std::pair{Frame::close, "Close"}};

Result<Json> ask(Json action, uint64_t timeout_s, const Blob* blob = nullptr) {
  static const Address module = Address::local(module_id);
  auto answer = kinode::ask({.module = module, .body = std::move(action), .blob = blob, .timeout_s = timeout_s});
  if (!answer) return std::unexpected(Error{std::move(answer.error())});
  return std::move(*answer);
}

Error unexpected(const Json& answer) { return {"unexpected answer " + dump(answer)}; }

/// For actions that answer `WebSocketAck`.
Result<void> act(Json action, const Blob* blob = nullptr) {
  auto answer = ask(std::move(action), socket_timeout_s, blob);
  if (!answer) return std::unexpected(std::move(answer.error()));
  if (member(*answer, "Ok") != "WebSocketAck") return std::unexpected(unexpected(*answer));
  return {};
}

const char* name_of(Frame frame) {
  for (const auto& [known, name] : frames) {
    if (known == frame) return name;
  }
  return "";
}

std::optional<Frame> frame_of(std::string_view name) {
  for (const auto& [frame, known] : frames) {
    if (known == name) return frame;
  }
  return std::nullopt;
}

}  // namespace

Result<Reply> fetch(const Request& request) {
  const Json action = {
      {"Http",
       {{"method", request.method}, {"version", nullptr}, {"url", request.url}, {"headers", Json(request.headers)}}}};
  const Blob body{.bytes = request.body};
  auto answer = ask(action, request.timeout_s, request.body.empty() ? nullptr : &body);
  if (!answer) return std::unexpected(std::move(answer.error()));
  const Json& http = member(member(*answer, "Ok"), "Http");
  const auto status = number_member(http, "status");
  const Json& headers = member(http, "headers");
  if (!status || *status > UINT16_MAX || !headers.is_object()) return std::unexpected(unexpected(*answer));
  Reply reply{.status = static_cast<uint16_t>(*status), .headers = {}, .body = {}};
  for (const auto& [name, value] : headers.items()) {
    if (value.is_string()) reply.headers[name] = value.get<std::string>();
  }
  if (auto blob = get_blob()) reply.body = std::move(blob->bytes);
  return reply;
}

Result<void> open_socket(std::string_view url, uint32_t channel, const Headers& headers) {
  return act({{"WebSocketOpen", {{"url", url}, {"headers", Json(headers)}, {"channel_id", channel}}}});
}

Result<void> push(uint32_t channel, Frame frame, Bytes payload) {
  const Blob blob{.bytes = std::move(payload)};
  return act({{"WebSocketPush", {{"channel_id", channel}, {"message_type", name_of(frame)}}}}, &blob);
}

Result<void> close_socket(uint32_t channel) { return act({{"WebSocketClose", {{"channel_id", channel}}}}); }

std::optional<Event> event_of(const Message& message) {
  if (!message.is_request() || message.source.node != our().node || message.source.process.text() != module_id) {
    return std::nullopt;
  }
  const auto body = parse_json(message.body().text());
  if (!body) return std::nullopt;
  if (const auto channel = number_member(member(*body, "WebSocketClose"), "channel_id")) {
    return Event{.channel = static_cast<uint32_t>(*channel), .frame = std::nullopt};
  }
  const Json& pushed = member(*body, "WebSocketPush");
  const auto channel = number_member(pushed, "channel_id");
  const auto type = text_member(pushed, "message_type");
  const auto frame = type ? frame_of(*type) : std::nullopt;
  if (!channel || !frame) return std::nullopt;
  return Event{.channel = static_cast<uint32_t>(*channel), .frame = frame};
}

}  // namespace kinode::http_client
