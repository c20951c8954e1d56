// What sqlite:distro:sys answers of its own when it cannot (modules.md 4), beside the errors that all database modules
// have.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "modules/database/database_error.h"

namespace kinode::modules::sqlite {

template <class T>
using SqliteResult = database::DatabaseResult<T>;
using SqliteFailure = std::unexpected<database::DatabaseError>;

// Of these `reason` is for the node's log.

/// Write was given what is no write.
[[nodiscard]] inline SqliteFailure not_a_write(std::string reason) {
  return database::errors::named("NotAWriteKeyword", std::move(reason));
}
/// Query was given what is no read.
[[nodiscard]] inline SqliteFailure not_a_read(std::string reason) {
  return database::errors::named("NotAReadKeyword", std::move(reason));
}
/// The blob is no list of values.
[[nodiscard]] inline SqliteFailure invalid_parameters(std::string reason) {
  return database::errors::named("InvalidParameters", std::move(reason));
}

/// All else, in SQLite's words or ours, for the guest. The name is that of the first client's library.
[[nodiscard]] inline SqliteFailure sqlite_failure(std::string_view text) {
  return database::errors::with_text("RusqliteError", text);
}

}  // namespace kinode::modules::sqlite
