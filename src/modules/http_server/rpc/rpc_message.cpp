#include "modules/http_server/rpc/rpc_message.h"

#include <array>

#include "codec/base64.h"
#include "codec/json.h"

namespace kinode::rpc {
namespace {

using codec::JsonReader;
using codec::JsonStruct;

// The node bounds a request, and kit a reply, before it gets here.
constexpr codec::JsonLimits unlimited_size{.size = SIZE_MAX};

/// The decimal of each byte with a comma after it, and its length.
struct Decimal {
  std::array<char, 4> text;
  uint8_t size;
};
constexpr std::array<Decimal, 256> make_decimals() {
  std::array<Decimal, 256> decimals{};
  for (int value = 0; value < 256; ++value) {
    Decimal& decimal = decimals[static_cast<size_t>(value)];
    for (int divisor = 100; divisor > 0; divisor /= 10) {
      if (value >= divisor || divisor == 1) {
        decimal.text[decimal.size++] = static_cast<char>('0' + value / divisor % 10);
      }
    }
    decimal.text[decimal.size++] = ',';
  }
  return decimals;
}
constexpr std::array<Decimal, 256> decimals = make_decimals();

void append_numbers(std::string& out, std::string_view bytes) {
  out.reserve(out.size() + bytes.size() * 4 + 2);
  out += '[';
  for (const char byte : bytes) {
    const Decimal& decimal = decimals[static_cast<uint8_t>(byte)];
    out.append(decimal.text.data(), decimal.size);
  }
  if (!bytes.empty()) {
    out.pop_back();
  }
  out += ']';
}

nlohmann::ordered_json or_null(const std::optional<std::string>& text) {
  return text ? nlohmann::ordered_json(*text) : nlohmann::ordered_json();
}

Result<Blob> read_reply_blob(const JsonReader& reader) {
  Result<JsonStruct> blob = reader.fields({"mime", "bytes"});
  if (!blob) {
    return std::unexpected(blob.error());
  }
  auto mime = (*blob)["mime"].optional(&JsonReader::string);
  Result<Bytes> text = (*blob)["bytes"].bytes();
  if (auto error = codec::first_error(mime, text)) {
    return std::unexpected(*error);
  }
  auto bytes = codec::decode_base64(text->text());
  if (!bytes) {
    return (*blob)["bytes"].error("the letters are not base64");
  }
  return Blob{*mime, Bytes::from(std::move(*bytes))};
}

}  // namespace

Result<RpcRequest> parse_request(std::string_view json) {
  Result<nlohmann::json> tree = codec::parse_json(json, unlimited_size);
  if (!tree) {
    return std::unexpected(tree.error());
  }
  Result<JsonStruct> fields = JsonReader(*tree).fields(
      {"node", "process", "inherit", "expects_response", "body", "metadata", "context", "mime", "data"});
  if (!fields) {
    return std::unexpected(fields.error());
  }
  auto node = (*fields)["node"].optional(&JsonReader::string);
  auto process = (*fields)["process"].string();
  auto inherit = (*fields)["inherit"].optional(&JsonReader::boolean);
  auto expects_response = (*fields)["expects_response"].optional(&JsonReader::u64);
  auto body = (*fields)["body"].optional(&JsonReader::string);
  auto metadata = (*fields)["metadata"].optional(&JsonReader::string);
  auto context = (*fields)["context"].optional(&JsonReader::string);
  auto mime = (*fields)["mime"].optional(&JsonReader::string);
  auto data = (*fields)["data"].optional(&JsonReader::string);
  if (auto error = codec::first_error(node, process, inherit, expects_response, body, metadata, context, mime, data)) {
    return std::unexpected(*error);
  }
  Result<ProcessId> id = ProcessId::parse(*process);
  if (!id) {
    return (*fields)["process"].error(id.error().message);
  }
  RpcRequest request{.node = std::move(*node),
                     .process = *id,
                     .expects_response = *expects_response,
                     .body = Bytes::from(std::move(*body).value_or("")),
                     .metadata = std::move(*metadata),
                     .blob = {}};
  if (*data) {
    if (auto bytes = codec::decode_base64(**data)) {
      request.blob = Blob{std::move(*mime), Bytes::from(std::move(*bytes))};
    }
  }
  return request;
}

Result<std::string> write_request(const RpcRequest& request) {
  nlohmann::ordered_json json;
  json["node"] = or_null(request.node);
  json["process"] = request.process.text();
  json["inherit"] = false;
  json["expects_response"] = codec::to_json(request.expects_response);
  json["body"] = std::string(request.body.text());
  json["metadata"] = or_null(request.metadata);
  json["context"] = nullptr;
  json["mime"] = request.blob ? or_null(request.blob->mime) : nullptr;
  json["data"] = request.blob ? nlohmann::ordered_json(codec::encode_base64(request.blob->bytes.span())) : nullptr;
  try {
    return json.dump();
  } catch (const nlohmann::json::type_error&) {
    return fail("the body, the metadata or a name of the message is not UTF-8 text: send other bytes as the blob");
  }
}

std::string write_reply(const RpcReply& reply) {
  std::string text = R"({"body":)";
  append_numbers(text, reply.body.text());
  text += R"(,"lazy_load_blob":)";
  if (reply.blob) {
    text += R"({"mime":)";
    text += codec::to_text(or_null(reply.blob->mime));
    text += R"(,"bytes":)";
    append_numbers(text, codec::encode_base64(reply.blob->bytes.span()));
    text += '}';
  } else {
    text += "null";
  }
  text += '}';
  return text;
}

Result<RpcReply> parse_reply(std::string_view json) {
  Result<nlohmann::json> tree = codec::parse_json(json, unlimited_size);
  if (!tree) {
    return std::unexpected(tree.error());
  }
  Result<JsonStruct> fields = JsonReader(*tree).fields({"body", "lazy_load_blob"});
  if (!fields) {
    return std::unexpected(fields.error());
  }
  Result<Bytes> body = (*fields)["body"].bytes();
  auto blob = (*fields)["lazy_load_blob"].optional(read_reply_blob);
  if (auto error = codec::first_error(body, blob)) {
    return std::unexpected(*error);
  }
  return RpcReply{*body, std::move(*blob)};
}

}  // namespace kinode::rpc
