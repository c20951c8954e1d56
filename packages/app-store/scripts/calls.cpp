#include "calls.h"

namespace app_store {

using kinode::Json;

std::expected<Json, std::string> ask(const char* process, const Json& request, uint64_t timeout_s) {
  const std::string id = std::string(process) + ":app-store:sys";
  const auto answer = kinode::send_and_await(kinode::Address::local(id),
                                             {.expects_response = timeout_s, .body = kinode::dump(request)});
  auto json = answer ? kinode::parse_json(answer->body().text()) : std::nullopt;
  if (!json) return std::unexpected(id + " did not answer in " + std::to_string(timeout_s) + " s");
  return std::move(*json);
}

Json package_json(std::string_view text) {
  const auto package = kinode::PackageId::parse(text);
  return package && package->is_safe() ? kinode::to_json(*package) : Json();
}

}  // namespace app_store
