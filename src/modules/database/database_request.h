// The envelope that every request to a database module has: {"package_id":PKG,"db":"name","action":ACTION}.
#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"
#include "codec/json.h"
#include "modules/database/database_id.h"

namespace kinode::modules::database {

class DatabaseRequest {
 public:
  /// Fails with the place of the first thing that is wrong, and where a name is not safe. A body of more than
  /// `max_bytes` is refused before it is read.
  static Result<DatabaseRequest> parse(std::string_view body, size_t max_bytes);

  [[nodiscard]] const DatabaseId& database() const { return database_; }
  /// Lives as long as the request.
  [[nodiscard]] const codec::JsonVariant& action() const { return action_; }

 private:
  DatabaseRequest(std::unique_ptr<const nlohmann::json> tree, DatabaseId database, codec::JsonVariant action)
      : tree_(std::move(tree)), database_(std::move(database)), action_(std::move(action)) {}

  std::unique_ptr<const nlohmann::json> tree_;  // what `action_` points into
  DatabaseId database_;
  codec::JsonVariant action_;
};

}  // namespace kinode::modules::database
