// Parameters and rows as JSON (modules.md 4, docs/formats/sqlite-values.md).
//
// Parameters are a list, bound by position. A text that is base64 is bound as the blob it stands for: databases of the
// first client are full of such blobs (defect Q2). Who means a text or a blob says so: {"Text":"..."} and
// {"Blob":"<base64>"}, which the first client refuses.
//
// Rows are a list of objects. Blobs are base64; an infinite REAL, for which JSON has no form, is null (defect Q1).
// Of columns with the same name the last counts.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "modules/sqlite/limits.h"
#include "modules/sqlite/sqlite_error.h"

namespace kinode::modules::sqlite {

struct Null {
  friend bool operator==(Null, Null) { return true; }
};
using Blob = std::vector<uint8_t>;
using Value = std::variant<Null, int64_t, double, std::string, Blob>;
using Parameters = std::vector<Value>;

/// The blob of a request; none if that is not there or empty.
SqliteResult<Parameters> parse_parameters(std::string_view json);

/// Binds all, or fails with both numbers where the statement has another number of parameters. `parameters` must
/// live until the statement is reset.
SqliteResult<void> bind(sqlite3_stmt* statement, const Parameters& parameters);

/// Writes the rows of one statement.
class RowWriter {
 public:
  /// The statement must have been stepped once, so that its columns are final.
  RowWriter(sqlite3_stmt* statement, const Limits& limits);

  /// The row that the statement stands at. Fails where it is too much, or a text is not UTF-8.
  SqliteResult<void> add_row();
  /// Ends the list.
  [[nodiscard]] std::string take() &&;

 private:
  struct Column {
    int index;
    std::string key;  // `"name":`
  };
  SqliteResult<void> add_value(int column);

  sqlite3_stmt* statement_;
  const Limits& limits_;
  std::vector<Column> columns_;
  std::string text_ = "[";
  size_t rows_ = 0;
};

}  // namespace kinode::modules::sqlite
