#include "values.h"

#include <cinttypes>
#include <cstdio>
#include <initializer_list>
#include <utility>

namespace actor {

using kinode::Address;
using kinode::Blob;
using kinode::Bytes;
using kinode::Capability;
using kinode::member;
using kinode::Message;
using kinode::OnExit;
using kinode::Outgoing;
using kinode::ProcessId;

namespace {

constexpr size_t longest_text_shown = 64 * 1024;
constexpr size_t longest_hex_shown = 4 * 1024;

std::unexpected<std::string> wrong(const char* what, const Json& json) {
  return std::unexpected(std::string(what) + ": " + kinode::dump(json));
}

bool is_utf8(std::string_view text) {
  size_t i = 0;
  while (i < text.size()) {
    const auto lead = static_cast<uint8_t>(text[i]);
    size_t more = 0;
    uint32_t point = lead;
    if (lead >= 0x80) {
      if (lead >= 0xc2 && lead <= 0xdf) {
        more = 1, point = lead & 0x1f;
      } else if ((lead & 0xf0) == 0xe0) {
        more = 2, point = lead & 0x0f;
      } else if (lead >= 0xf0 && lead <= 0xf4) {
        more = 3, point = lead & 0x07;
      } else {
        return false;
      }
    }
    if (text.size() - i <= more) return false;
    for (size_t k = 1; k <= more; ++k) {
      const auto next = static_cast<uint8_t>(text[i + k]);
      if ((next & 0xc0) != 0x80) return false;
      point = point << 6 | (next & 0x3f);
    }
    if (more == 2 && (point < 0x800 || (point >= 0xd800 && point <= 0xdfff))) return false;
    if (more == 3 && (point < 0x10000 || point > 0x10ffff)) return false;
    i += more + 1;
  }
  return true;
}

/// FNV-1a, 64 bits: enough to see whether bytes arrived unchanged.
std::string sum_of(const Bytes& bytes) {
  uint64_t sum = 0xcbf29ce484222325;
  for (uint8_t byte : bytes) sum = (sum ^ byte) * 0x100000001b3;
  char text[17];
  std::snprintf(text, sizeof text, "%016" PRIx64, sum);
  return text;
}

int nibble_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

std::optional<Bytes> bytes_of_hex(std::string_view hex) {
  if (hex.size() % 2 != 0) return std::nullopt;
  Bytes bytes = Bytes::filled(hex.size() / 2, 0);
  for (size_t i = 0; i < bytes.size(); ++i) {
    const int high = nibble_of(hex[2 * i]);
    const int low = nibble_of(hex[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes.data()[i] = static_cast<uint8_t>(high << 4 | low);
  }
  return bytes;
}

std::string hex_of(const Bytes& bytes) {
  std::string hex;
  for (uint8_t byte : bytes) {
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 15];
  }
  return hex;
}

/// Whether `json` is an object of `key`, and of nothing that is not in `others`.
bool is_form(const Json& json, std::string_view key, std::initializer_list<std::string_view> others = {}) {
  if (!json.is_object() || !json.contains(key)) return false;
  for (const auto& [name, value] : json.items()) {
    bool known = name == key;
    for (std::string_view other : others) known = known || name == other;
    if (!known) return false;
  }
  return true;
}

Read<Bytes> read_reference(const Json& name, const Scope& scope) {
  std::optional<Blob> blob;
  if (name == "blob") blob = kinode::get_blob();
  if (name == "last_blob") blob = kinode::last_blob();
  if (blob) return std::move(blob->bytes);
  if (scope.message != nullptr) {
    if (name == "body") return scope.message->body();
    if (name == "context" && scope.message->context) return *scope.message->context;
    if (name == "metadata" && scope.message->metadata()) return Bytes(*scope.message->metadata());
  }
  return wrong("nothing there to refer to", name);
}

}  // namespace

// ---- from a script -------------------------------------------------------------------------------

Read<ProcessId> read_process_id(const Json& json, const Scope& scope) {
  if (json.is_string()) {
    const auto& text = json.get_ref<const std::string&>();
    if (text == "$spawned" && scope.spawned) return *scope.spawned;
    if (text == "$our") return scope.our.process;
    if (text == "$source" && scope.message != nullptr) return scope.message->source.process;
    if (auto id = ProcessId::parse(text)) return *id;
  }
  // Parts that no text form has: empty ones, and those with a colon.
  auto process = kinode::text_member(json, "process_name");
  auto package = kinode::text_member(json, "package_name");
  auto publisher = kinode::text_member(json, "publisher_node");
  if (process && package && publisher) return ProcessId{*process, *package, *publisher};
  return wrong("no process id", json);
}

Read<Address> read_address(const Json& json, const Scope& scope) {
  if (json.is_string()) {
    const auto& text = json.get_ref<const std::string&>();
    if (text == "$source" && scope.message != nullptr) return scope.message->source;
    if (auto address = Address::parse(text)) {
      if (address->node == "$node") address->node = scope.our.node;
      return *address;
    }
  }
  auto process = read_process_id(json, scope);
  if (!process) return wrong("no address", json);
  return Address{kinode::text_member(json, "node").value_or(scope.our.node), std::move(*process)};
}

Read<Bytes> read_data(const Json& json, const Scope& scope) {
  if (json.is_null()) return Bytes();
  if (json.is_string()) return Bytes(json.get_ref<const std::string&>());
  if (is_form(json, "hex") && json["hex"].is_string()) {
    auto bytes = bytes_of_hex(json["hex"].get_ref<const std::string&>());
    if (!bytes) return wrong("no hexadecimal digits", json);
    return std::move(*bytes);
  }
  if (is_form(json, "size", {"fill"})) {
    const auto size = kinode::number_member(json, "size");
    if (!size) return wrong("no size", json);
    const std::string fill = kinode::text_member(json, "fill").value_or("x");
    return Bytes::filled(*size, fill.empty() ? 0 : static_cast<uint8_t>(fill[0]));
  }
  if (is_form(json, "ref")) return read_reference(json["ref"], scope);
  if (is_form(json, "json")) return Bytes(kinode::dump(json["json"]));
  return Bytes(kinode::dump(json));
}

Read<std::optional<Blob>> read_blob(const Json& json, const Scope& scope) {
  if (json.is_null()) return std::nullopt;
  const bool with_mime = is_form(json, "bytes", {"mime"});
  auto bytes = read_data(with_mime ? json["bytes"] : json, scope);
  if (!bytes) return std::unexpected(bytes.error());
  return Blob{with_mime ? kinode::text_member(json, "mime") : std::nullopt, std::move(*bytes)};
}

Read<Capability> read_capability(const Json& json, const Scope& scope) {
  if (json.is_string()) {
    auto issuer = read_address(json, scope);
    if (!issuer) return std::unexpected(issuer.error());
    return Capability{std::move(*issuer), std::string(kinode::messaging)};
  }
  auto issuer = read_address(member(json, "issuer"), scope);
  if (!issuer) return std::unexpected(issuer.error());
  const Json& params = member(json, "params");
  return Capability{std::move(*issuer), params.is_string() ? params.get<std::string>() : kinode::dump(params)};
}

Read<std::vector<Capability>> read_capabilities(const Json& json, const Scope& scope) {
  std::vector<Capability> capabilities;
  if (json.is_null()) return capabilities;
  if (json == "$received") {
    if (scope.message != nullptr) capabilities = scope.message->capabilities();
    return capabilities;
  }
  if (json == "$all") return kinode::our_capabilities();
  if (!json.is_array()) return wrong("no list of capabilities", json);
  for (const Json& each : json) {
    auto capability = read_capability(each, scope);
    if (!capability) return std::unexpected(capability.error());
    capabilities.push_back(std::move(*capability));
  }
  return capabilities;
}

Read<Outgoing> read_outgoing(const Json& json, const Scope& scope, std::optional<uint64_t> default_expects) {
  auto target = read_address(member(json, "to"), scope);
  if (!target) return std::unexpected(target.error());
  auto body = read_data(member(json, "body"), scope);
  if (!body) return std::unexpected(body.error());
  auto capabilities = read_capabilities(member(json, "capabilities"), scope);
  if (!capabilities) return std::unexpected(capabilities.error());
  auto blob = read_blob(member(json, "blob"), scope);
  if (!blob) return std::unexpected(blob.error());

  Outgoing outgoing{.target = std::move(*target), .blob = std::move(*blob)};
  outgoing.request.inherit = kinode::bool_member(json, "inherit").value_or(false);
  // A null is said, not missing: no response wanted.
  outgoing.request.expects_response =
      json.contains("expects") ? kinode::number_member(json, "expects") : default_expects;
  outgoing.request.body = std::move(*body);
  outgoing.request.metadata = kinode::text_member(json, "metadata");
  outgoing.request.capabilities = std::move(*capabilities);

  if (const Json& then = member(json, "then"); !then.is_null()) {
    outgoing.context = kinode::dump({{"then", then}});
  } else if (const Json& context = member(json, "context"); !context.is_null()) {
    auto bytes = read_data(context, scope);
    if (!bytes) return std::unexpected(bytes.error());
    outgoing.context = std::move(*bytes);
  }
  return outgoing;
}

Read<OnExit> read_on_exit(const Json& json, const Scope& scope) {
  if (json.is_null() || json == "None") return OnExit{};
  if (json == "Restart") return OnExit{.kind = OnExit::Kind::restart};
  const Json& requests = member(json, "Requests");
  if (!requests.is_array()) return wrong("no on-exit", json);
  OnExit on_exit{.kind = OnExit::Kind::requests};
  for (const Json& request : requests) {
    auto outgoing = read_outgoing(request, scope);
    if (!outgoing) return std::unexpected(outgoing.error());
    on_exit.requests.push_back(std::move(*outgoing));
  }
  return on_exit;
}

// ---- into a report -------------------------------------------------------------------------------

Json show_data(const Bytes& bytes) {
  if (bytes.size() <= longest_text_shown && is_utf8(bytes.text())) return bytes.string();
  Json shown = {{"size", bytes.size()}, {"sum", sum_of(bytes)}};
  if (bytes.size() <= longest_hex_shown) shown["hex"] = hex_of(bytes);
  return shown;
}

Json show_blob(const std::optional<Blob>& blob) {
  if (!blob) return nullptr;
  Json shown = {{"mime", nullptr}, {"bytes", show_data(blob->bytes)}};
  if (blob->mime) shown["mime"] = *blob->mime;
  return shown;
}

Json show_capabilities(const std::vector<Capability>& capabilities) {
  Json shown = Json::array();
  for (const Capability& each : capabilities) {
    shown.push_back({{"issuer", each.issuer.text()}, {"params", each.params}});
  }
  return shown;
}

Json show_message(const Message& message) {
  Json shown = {{"kind", message.is_request() ? "request" : "response"},
                {"source", message.source.text()},
                {"body", show_data(message.body())},
                {"metadata", nullptr},
                {"capabilities", show_capabilities(message.capabilities())}};
  if (message.metadata()) shown["metadata"] = *message.metadata();
  if (const kinode::Request* request = message.request()) {
    shown["inherit"] = request->inherit;
    shown["expects"] = nullptr;
    if (request->expects_response) shown["expects"] = *request->expects_response;
  } else {
    shown["inherit"] = message.response()->inherit;
    shown["context"] = nullptr;
    if (message.context) shown["context"] = show_data(*message.context);
  }
  return shown;
}

Json show_error(const kinode::SendError& error) {
  Json shown = {{"kind", "error"},
                {"error", error.kind == kinode::SendError::Kind::offline ? "Offline" : "Timeout"},
                {"target", error.target.text()},
                {"message", show_message(error.message)},
                {"blob", show_blob(error.blob)},
                {"context", nullptr}};
  if (error.context) shown["context"] = show_data(*error.context);
  return shown;
}

Json show_on_exit(const OnExit& on_exit) {
  if (on_exit.kind == OnExit::Kind::none) return "None";
  if (on_exit.kind == OnExit::Kind::restart) return "Restart";
  Json requests = Json::array();
  for (const Outgoing& each : on_exit.requests) {
    const Message message{each.target, each.request, std::nullopt};
    Json shown = show_message(message);
    shown.erase("source");
    shown.erase("kind");
    shown["to"] = each.target.text();
    shown["blob"] = show_blob(each.blob);
    requests.push_back(std::move(shown));
  }
  return {{"Requests", std::move(requests)}};
}

}  // namespace actor
