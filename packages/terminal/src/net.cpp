#include "net.h"

#include <kinode/msgpack.h>
#include <kinode/process.h>

namespace terminal::net {

using kinode::Json;

namespace {

/// An entry of a record, which is written as the list of its fields or as a map.
const Json& field(const Json& record, size_t index, const char* name) {
  static const Json null;
  if (record.is_array()) return index < record.size() ? record[index] : null;
  return kinode::member(record, name);
}

std::string text_of(const Json& value) { return value.is_string() ? value.get<std::string>() : "?"; }

std::string direct_text(const Json& direct) {
  std::string text = text_of(field(direct, 0, "ip"));
  const Json& ports = field(direct, 1, "ports");
  if (!ports.is_object()) return text;
  for (const auto& [protocol, port] : ports.items()) {
    text.append(", ").append(protocol).append(" ").append(kinode::dump(port));
  }
  return text;
}

std::string routers_text(const Json& routers) {
  if (!routers.is_array() || routers.empty()) return "nowhere";
  std::string text = "through ";
  for (const Json& router : routers) {
    if (&router != &routers.front()) text += ", ";
    text += text_of(router);
  }
  return text;
}

}  // namespace

std::expected<Json, std::string> ask(const Json& action, const char* name, uint64_t timeout_s) {
  const auto answer = kinode::send_and_await(kinode::Address::local("net:distro:sys"),
                                             {.expects_response = timeout_s, .body = kinode::to_msgpack(action)});
  if (!answer) return std::unexpected("net:distro:sys gave no answer in " + std::to_string(timeout_s) + " s");
  const auto response = kinode::parse_msgpack(answer->body());
  if (!response || !response->is_object() || !response->contains(name)) {
    return std::unexpected("net:distro:sys gave another answer than expected");
  }
  return kinode::member(*response, name);
}

std::vector<Row> identity_rows(const Json& identity) {
  const Json& routing = field(identity, 2, "routing");
  const Json& direct = kinode::member(routing, "Direct");
  return {{"node", text_of(field(identity, 0, "name"))},
          {"key", text_of(field(identity, 1, "networking_key"))},
          {"reached", direct.is_null() ? routers_text(kinode::member(routing, "Routers")) : direct_text(direct)}};
}

}  // namespace terminal::net
