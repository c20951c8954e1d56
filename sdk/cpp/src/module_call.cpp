#include "module_call.h"

namespace kinode {

namespace {

std::string error_text(const Json& error) {
  if (error.is_string()) return error.get<std::string>();
  if (error.is_object() && error.size() == 1) {
    const Json& detail = error.begin().value();
    return error.begin().key() + ": " + (detail.is_string() ? detail.get<std::string>() : dump(detail));
  }
  return dump(error);
}

}  // namespace

std::expected<Json, std::string> ask(const ModuleCall& call) {
  const Request request = {.inherit = call.inherit, .expects_response = call.timeout_s, .body = dump(call.body)};
  auto answer = send_and_await(call.module, request, call.blob);
  if (!answer) return std::unexpected(answer.error().kind == SendError::Kind::offline ? "Offline" : "Timeout");
  auto json = parse_json(answer->body().text());
  if (!json) return std::unexpected("MalformedResponse");
  const Json& error = member(*json, "Err");
  if (!error.is_null()) return std::unexpected(error_text(error));
  return std::move(*json);
}

}  // namespace kinode
