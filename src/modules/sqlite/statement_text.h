// What can be told of a statement by its first words, before SQLite reads it. It decides which error a wrong one
// gets, and on which connection the others run; what they may do there is the authorizer's to say.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "modules/sqlite/sqlite_error.h"

namespace kinode::modules::sqlite {

/// `text` without the white space, comments and semicolons at its beginning.
std::string_view skip_space(std::string_view text);

/// The first word in capitals, empty where there is none.
std::string first_word(std::string_view sql);

/// What carries a statement out.
enum class Runs : uint8_t {
  on_reader,  // sees the database, cannot change it
  on_writer,
};

/// A Query reads. ANALYZE and PRAGMAs that set something are a Query too, for the first client takes them so; they need
/// the right to write.
SqliteResult<Runs> classify_query(std::string_view sql);
SqliteResult<void> check_write(std::string_view sql);

}  // namespace kinode::modules::sqlite
