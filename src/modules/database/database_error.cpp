#include "modules/database/database_error.h"

#include <utility>

#include "codec/json.h"

namespace kinode::modules::database {

std::string DatabaseError::body() const {
  nlohmann::ordered_json error = name;
  if (!value.is_null()) {
    error = nlohmann::ordered_json::object();
    error[name] = value;
  }
  nlohmann::ordered_json whole;
  whole["Err"] = std::move(error);
  return codec::to_text(whole);
}

namespace errors {

std::unexpected<DatabaseError> named(std::string_view name, std::string reason) {
  return std::unexpected(DatabaseError{std::string(name), nullptr, std::move(reason)});
}

std::unexpected<DatabaseError> with_text(std::string_view name, std::string_view text, std::string reason) {
  return std::unexpected(DatabaseError{std::string(name), text, std::move(reason)});
}

std::unexpected<DatabaseError> no_database(const DatabaseId& database) {
  auto place = nlohmann::ordered_json::array({codec::to_json(database.package), database.name});
  return std::unexpected(DatabaseError{"NoDb", std::move(place), {}});
}

std::unexpected<DatabaseError> no_transaction(uint64_t id) { return std::unexpected(DatabaseError{"NoTx", id, {}}); }

std::unexpected<DatabaseError> no_write_capability() { return named("NoWriteCap"); }

std::unexpected<DatabaseError> no_read_capability() { return named("NoReadCap"); }

std::unexpected<DatabaseError> mismatching_package() { return named("MismatchingPackageId"); }

std::unexpected<DatabaseError> add_capability_failed() { return named("AddCapFailed"); }

std::unexpected<DatabaseError> malformed(std::string reason) { return named("MalformedRequest", std::move(reason)); }

std::unexpected<DatabaseError> io_error(std::string_view text, std::string reason) {
  return with_text("IOError", text, std::move(reason));
}

}  // namespace errors

}  // namespace kinode::modules::database
