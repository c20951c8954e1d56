#include "modules/http_server/server_actions.h"

#include <array>

#include "codec/json.h"

namespace kinode::modules {
namespace {

using codec::JsonReader;
using codec::JsonVariant;

constexpr codec::JsonLimits limits{.size = size_t{1} << 20};

constexpr std::array<std::string_view, 5> frame_type_names{"Text", "Binary", "Ping", "Pong", "Close"};

Result<FrameType> read_frame_type(const JsonReader& reader) {
  Result<JsonVariant> variant = reader.variant();
  if (!variant) {
    return std::unexpected(variant.error());
  }
  for (size_t i = 0; i < frame_type_names.size(); ++i) {
    if (variant->name() == frame_type_names[i]) {
      return variant->unit(static_cast<FrameType>(i));
    }
  }
  return variant->unknown();
}

Result<bool> read_reply_type(const JsonReader& reader) {
  Result<JsonVariant> variant = reader.variant();
  if (!variant) {
    return std::unexpected(variant.error());
  }
  if (variant->name() == "Request" || variant->name() == "Response") {
    return variant->unit(variant->name() == "Response");
  }
  return variant->unknown();
}

Result<ServerAction> read_bind(const JsonReader& reader) {
  auto fields = reader.fields({"path", "authenticated", "local_only", "cache"});
  if (!fields) {
    return std::unexpected(fields.error());
  }
  auto path = (*fields)["path"].string();
  auto authenticated = (*fields)["authenticated"].boolean();
  auto local_only = (*fields)["local_only"].boolean();
  auto cache = (*fields)["cache"].boolean();
  if (auto error = codec::first_error(path, authenticated, local_only, cache)) {
    return std::unexpected(*error);
  }
  return BindAction{.path = *path, .authenticated = *authenticated, .local_only = *local_only, .cache = *cache};
}

Result<ServerAction> read_secure_bind(const JsonReader& reader) {
  auto fields = reader.fields({"path", "cache"});
  if (!fields) {
    return std::unexpected(fields.error());
  }
  auto path = (*fields)["path"].string();
  auto cache = (*fields)["cache"].boolean();
  if (auto error = codec::first_error(path, cache)) {
    return std::unexpected(*error);
  }
  return BindAction{.path = *path, .authenticated = true, .local_only = false, .cache = *cache, .secure = true};
}

Result<ServerAction> read_bind_socket(const JsonReader& reader) {
  auto fields = reader.fields({"path", "authenticated", "extension"});
  if (!fields) {
    return std::unexpected(fields.error());
  }
  auto path = (*fields)["path"].string();
  auto authenticated = (*fields)["authenticated"].boolean();
  auto extension = (*fields)["extension"].boolean();
  if (auto error = codec::first_error(path, authenticated, extension)) {
    return std::unexpected(*error);
  }
  return BindSocketAction{.path = *path, .authenticated = *authenticated, .extension = *extension};
}

Result<ServerAction> read_secure_bind_socket(const JsonReader& reader) {
  auto fields = reader.fields({"path", "extension"});
  if (!fields) {
    return std::unexpected(fields.error());
  }
  auto path = (*fields)["path"].string();
  auto extension = (*fields)["extension"].boolean();
  if (auto error = codec::first_error(path, extension)) {
    return std::unexpected(*error);
  }
  return BindSocketAction{.path = *path, .authenticated = true, .extension = *extension, .secure = true};
}

template <class Action>
Result<ServerAction> read_path_alone(const JsonReader& reader) {
  auto fields = reader.fields({"path"});
  if (!fields) {
    return std::unexpected(fields.error());
  }
  auto path = (*fields)["path"].string();
  return path ? Result<ServerAction>(Action{*path}) : std::unexpected(path.error());
}

Result<ServerAction> read_push(const JsonReader& reader) {
  auto fields = reader.fields({"channel_id", "message_type"});
  if (!fields) {
    return std::unexpected(fields.error());
  }
  auto channel = (*fields)["channel_id"].u32();
  auto type = read_frame_type((*fields)["message_type"]);
  if (auto error = codec::first_error(channel, type)) {
    return std::unexpected(*error);
  }
  return PushAction{*channel, *type};
}

Result<ServerAction> read_extension_push(const JsonReader& reader) {
  auto fields = reader.fields({"channel_id", "message_type", "desired_reply_type"});
  if (!fields) {
    return std::unexpected(fields.error());
  }
  auto channel = (*fields)["channel_id"].u32();
  auto type = read_frame_type((*fields)["message_type"]);
  auto wants_response = read_reply_type((*fields)["desired_reply_type"]);
  if (auto error = codec::first_error(channel, type, wants_response)) {
    return std::unexpected(*error);
  }
  return ExtensionPushAction{*channel, *type, *wants_response};
}

}  // namespace

Result<ServerAction> read_server_action(std::string_view json) {
  Result<nlohmann::json> tree = codec::parse_json(json, limits);
  if (!tree) {
    return std::unexpected(tree.error());
  }
  Result<JsonVariant> action = JsonReader(*tree).variant();
  if (!action) {
    return std::unexpected(action.error());
  }
  const std::string& name = action->name();
  const JsonReader& payload = action->payload();
  if (name == "Bind") {
    return read_bind(payload);
  }
  if (name == "SecureBind") {
    return read_secure_bind(payload);
  }
  if (name == "Unbind") {
    return read_path_alone<UnbindAction>(payload);
  }
  if (name == "WebSocketBind") {
    return read_bind_socket(payload);
  }
  if (name == "WebSocketSecureBind") {
    return read_secure_bind_socket(payload);
  }
  if (name == "WebSocketUnbind") {
    return read_path_alone<UnbindSocketAction>(payload);
  }
  if (name == "WebSocketPush") {
    return read_push(payload);
  }
  if (name == "WebSocketExtPushOutgoing") {
    return read_extension_push(payload);
  }
  if (name == "WebSocketClose") {
    auto channel = payload.u32();
    return channel ? Result<ServerAction>(CloseAction{*channel}) : std::unexpected(channel.error());
  }
  return action->unknown();
}

namespace socket_messages {

std::string open(std::string_view path, uint32_t channel) {
  nlohmann::ordered_json message;
  message["WebSocketOpen"] = {{"path", path}, {"channel_id", channel}};
  return codec::to_text(message);
}

std::string push(uint32_t channel, FrameType type) {
  return fmt::format(R"({{"WebSocketPush":{{"channel_id":{},"message_type":"{}"}}}})", channel,
                     frame_type_names.at(static_cast<size_t>(type)));
}

std::string close(uint32_t channel) { return fmt::format(R"({{"WebSocketClose":{}}})", channel); }

}  // namespace socket_messages

}  // namespace kinode::modules
