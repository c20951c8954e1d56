// What a database module answers when it cannot: `{"Err": "Name"}`, or `{"Err": {"Name": value}}` where the error
// says more (modules.md 3 and 4).
//
// The factories below are the errors that kv and sqlite have in common. A module adds its own with `named` and
// `with_text`. No text for a guest names a path of the host; what the node's log may know goes into `reason`.
#pragma once

#include <cstdint>
#include <expected>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "modules/database/database_id.h"

namespace kinode::modules::database {

struct DatabaseError {
  std::string name;
  /// Null: the error is its name alone.
  nlohmann::ordered_json value;
  /// For the node's log; empty where there is nothing to add.
  std::string reason;

  /// The whole body of the answer.
  [[nodiscard]] std::string body() const;
};

template <class T>
using DatabaseResult = std::expected<T, DatabaseError>;

namespace errors {

std::unexpected<DatabaseError> named(std::string_view name, std::string reason = {});
/// `{name: text}`. `text` is for the guest, `reason` for the log.
std::unexpected<DatabaseError> with_text(std::string_view name, std::string_view text, std::string reason = {});

std::unexpected<DatabaseError> no_database(const DatabaseId& database);
std::unexpected<DatabaseError> no_transaction(uint64_t id);
std::unexpected<DatabaseError> no_write_capability();
std::unexpected<DatabaseError> no_read_capability();
std::unexpected<DatabaseError> mismatching_package();
std::unexpected<DatabaseError> add_capability_failed();
std::unexpected<DatabaseError> malformed(std::string reason);
/// Also for limits that have no error of their own.
std::unexpected<DatabaseError> io_error(std::string_view text, std::string reason = {});

}  // namespace errors

}  // namespace kinode::modules::database
