// What one statement, and one database, may take (docs/limits.md).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace kinode::modules::sqlite {

struct Limits {
  /// From the first step of a Query to its last row.
  std::chrono::milliseconds query_time{10'000};
  /// The same of a Write, or of all statements of one Commit together.
  std::chrono::milliseconds write_time{60'000};
  /// Heap that one statement may take beyond what was there before, sorting and temporary tables included.
  size_t statement_memory = size_t{128} << 20U;
  /// One text or blob, or one row; and one SQL text.
  size_t value_bytes = size_t{32} << 20U;
  size_t sql_bytes = size_t{1} << 20U;
  /// Rows of one answer, and their bytes as JSON.
  size_t answer_rows = 1'000'000;
  size_t answer_bytes = size_t{64} << 20U;
  /// The file of one database.
  uint64_t database_bytes = uint64_t{16} << 30U;
};

}  // namespace kinode::modules::sqlite
