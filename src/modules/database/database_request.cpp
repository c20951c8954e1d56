#include "modules/database/database_request.h"

#include <utility>

namespace kinode::modules::database {

Result<DatabaseRequest> DatabaseRequest::parse(std::string_view body, size_t max_bytes) {
  Result<nlohmann::json> parsed = codec::parse_json(body, {.size = max_bytes});
  if (!parsed) {
    return std::unexpected(parsed.error());
  }
  auto tree = std::make_unique<const nlohmann::json>(std::move(*parsed));
  auto fields = codec::JsonReader(*tree).fields({"package_id", "db", "action"});
  if (!fields) {
    return std::unexpected(fields.error());
  }
  auto package = codec::read_package_id((*fields)["package_id"]);
  auto name = (*fields)["db"].string();
  auto action = (*fields)["action"].variant();
  if (auto error = codec::first_error(package, name, action)) {
    return std::unexpected(*error);
  }
  DatabaseId database{std::move(*package), std::move(*name)};
  if (Result<void> safe = check_safe(database); !safe) {
    return std::unexpected(safe.error());
  }
  return DatabaseRequest(std::move(tree), std::move(database), std::move(*action));
}

}  // namespace kinode::modules::database
