#include "kinode/http_server.h"

#include <array>
#include <utility>

#include "module_call.h"

namespace kinode::http_server {

namespace {

constexpr uint64_t timeout_s = 30;
constexpr std::array<std::string_view, 5> frame_types = {"Text", "Binary", "Ping", "Pong", "Close"};

const Address& module() {
  static const Address address = Address::local("http-server:distro:sys");
  return address;
}

/// For actions, all of which answer `Ok` with nothing.
Result<void> act(Json action, const Blob* blob = nullptr) {
  auto answer = ask({.module = module(), .body = std::move(action), .blob = blob, .timeout_s = timeout_s});
  if (!answer) return std::unexpected(Error{std::move(answer.error())});
  return {};
}

/// Not `bind`: with std::string_view that would be std::bind's.
Result<void> bind_page(std::string_view path, Access access, const Blob* content) {
  return act({{"Bind",
               {{"path", path},
                {"authenticated", access.authenticated},
                {"local_only", access.local_only},
                {"cache", content != nullptr}}}},
             content);
}

std::map<std::string, std::string> texts_of(const Json& object) {
  std::map<std::string, std::string> texts;
  if (object.is_object()) {
    for (const auto& [name, value] : object.items()) {
      if (value.is_string()) texts[name] = value.get<std::string>();
    }
  }
  return texts;
}

/// What follows the host.
std::string path_of(std::string_view url) {
  const size_t host = url.find("//");
  const size_t path = host == std::string_view::npos ? std::string_view::npos : url.find('/', host + 2);
  return path == std::string_view::npos ? std::string() : std::string(url.substr(path));
}

Request request_of(const Json& http) {
  return {.method = text_member(http, "method").value_or(""),
          .path = path_of(text_member(http, "url").value_or("")),
          .bound_path = text_member(http, "bound_path").value_or(""),
          .headers = texts_of(member(http, "headers")),
          .url_parameters = texts_of(member(http, "url_params")),
          .query_parameters = texts_of(member(http, "query_params"))};
}

std::optional<FrameType> frame_type_of(std::string_view name) {
  for (size_t i = 0; i < frame_types.size(); ++i) {
    if (frame_types[i] == name) return static_cast<FrameType>(i);
  }
  return std::nullopt;
}

std::optional<Event> frame_of(const Json& push) {
  const auto channel = number_member(push, "channel_id");
  const auto type = frame_type_of(text_member(push, "message_type").value_or(""));
  if (!channel || !type) return std::nullopt;
  return SocketFrame{static_cast<Channel>(*channel), *type};
}

}  // namespace

Result<void> bind(std::string_view path, Access access) { return bind_page(path, access, nullptr); }

Result<void> bind_content(std::string_view path, Blob content, Access access) {
  return bind_page(path, access, &content);
}

Result<void> bind_secure(std::string_view path) { return act({{"SecureBind", {{"path", path}, {"cache", false}}}}); }

Result<void> bind_secure_content(std::string_view path, Blob content) {
  return act({{"SecureBind", {{"path", path}, {"cache", true}}}}, &content);
}

Result<void> unbind(std::string_view path) { return act({{"Unbind", {{"path", path}}}}); }

Result<void> bind_socket(std::string_view path, bool authenticated) {
  return act({{"WebSocketBind", {{"path", path}, {"authenticated", authenticated}, {"extension", false}}}});
}

Result<void> bind_secure_socket(std::string_view path) {
  return act({{"WebSocketSecureBind", {{"path", path}, {"extension", false}}}});
}

Result<void> unbind_socket(std::string_view path) { return act({{"WebSocketUnbind", {{"path", path}}}}); }

std::optional<Event> event_of(const Message& message) {
  if (!message.is_request() || message.source.process != module().process || message.source.node != our().node) {
    return std::nullopt;
  }
  const auto json = parse_json(message.body().text());
  if (!json) return std::nullopt;
  if (const Json& http = member(*json, "Http"); !http.is_null()) return request_of(http);
  if (const Json& push = member(*json, "WebSocketPush"); !push.is_null()) return frame_of(push);
  if (const auto closed = number_member(*json, "WebSocketClose")) return SocketClosed{static_cast<Channel>(*closed)};
  const Json& open = member(*json, "WebSocketOpen");
  const auto channel = number_member(open, "channel_id");
  if (!channel) return std::nullopt;
  return SocketOpened{static_cast<Channel>(*channel), text_member(open, "path").value_or("")};
}

void answer(uint16_t status, const Headers& headers, const Bytes& body) {
  const Blob blob{.bytes = body};
  respond({.body = dump({{"status", status}, {"headers", headers}})}, &blob);
}

Result<void> push(Channel channel, FrameType type, Bytes payload) {
  const Blob blob{.bytes = std::move(payload)};
  return act({{"WebSocketPush", {{"channel_id", channel}, {"message_type", frame_types[static_cast<size_t>(type)]}}}},
             &blob);
}

Result<void> close(Channel channel) { return act({{"WebSocketClose", channel}}); }

}  // namespace kinode::http_server
