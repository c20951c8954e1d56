#include "modules/http_client/actions.h"

#include <algorithm>
#include <array>
#include <boost/beast/core/string.hpp>
#include <cctype>
#include <optional>

#include "codec/json.h"

namespace kinode::modules::http_client {
namespace {

using codec::JsonReader;
using Json = nlohmann::ordered_json;

constexpr size_t longest_method = 64;

ActionError error_of(Json error, std::string reason) {
  Json answer;
  answer["Err"] = std::move(error);
  return {codec::to_text(answer), std::move(reason)};
}

/// {"Name":{"field":value}}
Json with_field(const char* name, const char* field, Json value) {
  Json fields;
  fields[field] = std::move(value);
  Json variant;
  variant[name] = std::move(fields);
  return variant;
}

bool is_token(std::string_view text) {
  const auto fits = [](char letter) {
    constexpr std::string_view others = "!#$%&'*+-.^_`|~";
    return (static_cast<uint8_t>(letter) < 0x80 && std::isalnum(static_cast<uint8_t>(letter)) != 0) ||
           others.contains(letter);
  };
  return !text.empty() && std::ranges::all_of(text, fits);
}

/// As the first client reads a header's value: visible ASCII, space and tab.
bool is_header_value(std::string_view text) {
  return std::ranges::all_of(text, [](char letter) {
    const auto byte = static_cast<uint8_t>(letter);
    return (byte >= 0x20 && byte < 0x7f) || byte == '\t';
  });
}

/// Those that say where a message ends and what becomes of its connection are ours alone.
bool is_of_connection(std::string_view name) {
  constexpr std::array names = {"connection",
                                "content-length",
                                "expect",
                                "keep-alive",
                                "te",
                                "trailer",
                                "transfer-encoding",
                                "proxy-connection",
                                "upgrade",
                                "sec-websocket-extensions",
                                "sec-websocket-version",
                                "sec-websocket-key"};
  return std::ranges::any_of(names, [&](const char* own) { return boost::beast::iequals(name, own); });
}

ActionResult<Headers> read_headers(const JsonReader& reader, const Settings& settings) {
  auto all = reader.map(&JsonReader::string);
  if (!all) {
    return std::unexpected(errors::malformed(all.error().message));
  }
  Headers headers;
  size_t bytes = 0;
  for (auto& [name, value] : *all) {
    if (!is_token(name) || !is_header_value(value) || is_of_connection(name)) {
      continue;
    }
    bytes += name.size() + value.size() + 4;
    headers.emplace_back(name, std::move(value));
  }
  if (bytes > settings.header_bytes) {
    return std::unexpected(
        errors::malformed(fmt::format("the headers have {} bytes, {} are the most", bytes, settings.header_bytes)));
  }
  return headers;
}

ActionResult<unsigned> read_version(const std::optional<std::string>& version) {
  if (!version || *version == "HTTP/1.1") {
    return 11;
  }
  if (*version == "HTTP/1.0") {
    return 10;
  }
  if (*version == "HTTP/0.9" || *version == "HTTP/2.0" || *version == "HTTP/3.0") {
    return std::unexpected(errors::execute_failed(
        fmt::format("{} is not spoken here: ask for HTTP/1.1, or leave the version open", *version)));
  }
  return std::unexpected(errors::bad_version(*version));
}

ActionResult<Action> read_http(const JsonReader& payload, const Settings& settings) {
  auto fields = payload.fields({"method", "version", "url", "headers"});
  if (!fields) {
    return std::unexpected(errors::malformed(fields.error().message));
  }
  auto method = (*fields)["method"].string();
  auto version = (*fields)["version"].optional(&JsonReader::string);
  auto url = (*fields)["url"].string();
  if (auto error = codec::first_error(method, version, url)) {
    return std::unexpected(errors::malformed(error->message));
  }
  auto headers = read_headers((*fields)["headers"], settings);
  if (!headers) {
    return std::unexpected(std::move(headers.error()));
  }
  // A tunnel has no answer that could be given.
  if (!is_token(*method) || method->size() > longest_method || *method == "CONNECT") {
    return std::unexpected(errors::bad_method(*method));
  }
  auto known_version = read_version(*version);
  if (!known_version) {
    return std::unexpected(std::move(known_version.error()));
  }
  auto parsed = Url::parse(*url, Protocol::http);
  if (!parsed) {
    return std::unexpected(errors::bad_url(*url, parsed.error().message));
  }
  return HttpAction{std::move(*method), *known_version, std::move(*parsed), std::move(*headers)};
}

ActionResult<Action> read_open(const JsonReader& payload, const Settings& settings) {
  auto fields = payload.fields({"url", "headers", "channel_id"});
  if (!fields) {
    return std::unexpected(errors::malformed(fields.error().message));
  }
  auto url = (*fields)["url"].string();
  auto channel = (*fields)["channel_id"].u32();
  if (auto error = codec::first_error(url, channel)) {
    return std::unexpected(errors::malformed(error->message));
  }
  auto headers = read_headers((*fields)["headers"], settings);
  if (!headers) {
    return std::unexpected(std::move(headers.error()));
  }
  auto parsed = Url::parse(*url, Protocol::websocket);
  if (!parsed) {
    return std::unexpected(errors::bad_url(*url, parsed.error().message));
  }
  return OpenAction{std::move(*parsed), std::move(*url), std::move(*headers), *channel};
}

constexpr std::array frame_names = {std::pair{FrameType::text, "Text"}, std::pair{FrameType::binary, "Binary"},
                                    std::pair{FrameType::ping, "Ping"}, std::pair{FrameType::pong, "Pong"},
                                    std::pair{FrameType::close, "Close"}};

Result<FrameType> read_frame_type(const JsonReader& reader) {
  auto variant = reader.variant();
  if (!variant) {
    return std::unexpected(variant.error());
  }
  for (const auto& [type, name] : frame_names) {
    if (variant->name() == name) {
      return variant->unit(type);
    }
  }
  return variant->unknown();
}

ActionResult<Action> read_push(const JsonReader& payload) {
  auto fields = payload.fields({"channel_id", "message_type"});
  if (!fields) {
    return std::unexpected(errors::malformed(fields.error().message));
  }
  auto channel = (*fields)["channel_id"].u32();
  auto type = read_frame_type((*fields)["message_type"]);
  if (auto error = codec::first_error(channel, type)) {
    return std::unexpected(errors::malformed(error->message));
  }
  return PushAction{*channel, *type};
}

ActionResult<Action> read_close(const JsonReader& payload) {
  auto fields = payload.fields({"channel_id"});
  auto channel = fields ? (*fields)["channel_id"].u32() : Result<uint32_t>(std::unexpected(fields.error()));
  if (!channel) {
    return std::unexpected(errors::malformed(channel.error().message));
  }
  return CloseAction{*channel};
}

}  // namespace

namespace errors {

ActionError malformed(std::string reason) { return error_of("MalformedRequest", std::move(reason)); }
ActionError bad_method(std::string_view method) {
  return error_of(with_field("BadMethod", "method", method), "no method that can be asked for");
}
ActionError bad_url(std::string_view url, std::string reason) {
  return error_of(with_field("BadUrl", "url", url), std::move(reason));
}
ActionError bad_version(std::string_view version) {
  return error_of(with_field("BadVersion", "version", version), "no version of HTTP");
}
ActionError execute_failed(std::string reason) {
  Json error;
  error["ExecuteRequestFailed"] = reason;
  return error_of(std::move(error), std::move(reason));
}
ActionError open_failed(std::string_view url, std::string reason) {
  return error_of(with_field("WsOpenFailed", "url", url), std::move(reason));
}
ActionError unknown_channel(uint32_t channel) {
  return error_of(with_field("WsPushUnknownChannel", "channel_id", channel), "no such socket is open");
}
ActionError no_blob() { return error_of("WsPushNoBlob", "a frame needs a blob"); }
ActionError bad_text() { return error_of("WsPushBadText", "the text is not UTF-8"); }
ActionError close_failed(uint32_t channel) {
  return error_of(with_field("WsCloseFailed", "channel_id", channel), "no such socket is open");
}

}  // namespace errors

ActionResult<Action> read_action(std::string_view body, const Settings& settings) {
  Result<nlohmann::json> json = codec::parse_json(body, {.size = settings.action_bytes});
  if (!json) {
    return std::unexpected(errors::malformed(json.error().message));
  }
  auto variant = JsonReader(*json).variant();
  if (!variant) {
    return std::unexpected(errors::malformed(variant.error().message));
  }
  const std::string& name = variant->name();
  if (name == "Http") {
    return read_http(variant->payload(), settings);
  }
  if (name == "WebSocketOpen") {
    return read_open(variant->payload(), settings);
  }
  if (name == "WebSocketPush") {
    return read_push(variant->payload());
  }
  if (name == "WebSocketClose") {
    return read_close(variant->payload());
  }
  return std::unexpected(errors::malformed(variant->unknown().error().message));
}

namespace answers {

std::string http(unsigned status, const Headers& headers) {
  Json fields = Json::object();
  for (const auto& [name, value] : headers) {
    fields[title_case(name)] = is_header_value(value) ? value : "";
  }
  Json reply;
  reply["status"] = status;
  reply["headers"] = std::move(fields);
  Json variant;
  variant["Http"] = std::move(reply);
  Json answer;
  answer["Ok"] = std::move(variant);
  return codec::to_text(answer);
}

std::string acknowledged() { return R"({"Ok":"WebSocketAck"})"; }

}  // namespace answers

namespace events {

std::string push(uint32_t channel, FrameType type) {
  const auto* const name = std::ranges::find(frame_names, type, [](const auto& pair) { return pair.first; });
  return fmt::format(R"({{"WebSocketPush":{{"channel_id":{},"message_type":"{}"}}}})", channel, name->second);
}

std::string close(uint32_t channel) { return fmt::format(R"({{"WebSocketClose":{{"channel_id":{}}}}})", channel); }

}  // namespace events

std::string title_case(std::string_view name) {
  std::string result(name);
  bool begins = true;
  for (char& letter : result) {
    const auto byte = static_cast<uint8_t>(letter);
    letter = static_cast<char>(begins ? std::toupper(byte) : std::tolower(byte));
    begins = letter == '-';
  }
  return result;
}

}  // namespace kinode::modules::http_client
