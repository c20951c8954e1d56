// Which PRAGMAs a request may use, and what for. One that is not listed is refused: later versions of SQLite bring new
// ones.
#pragma once

#include <cstdint>
#include <string_view>

namespace kinode::modules::sqlite {

enum class PragmaEffect : uint8_t {
  reads,
  /// Changes the database or how it is written; for the writing connection.
  writes,
  /// Tunes what this node tunes itself. It has no effect and gives no rows, as an unknown one in SQLite, so that
  /// programs that begin with `PRAGMA journal_mode=WAL` run.
  ignored,
  refused,
};

/// `name` in any case; `has_argument`: `name = x` or `name(x)`.
PragmaEffect pragma_effect(std::string_view name, bool has_argument);

}  // namespace kinode::modules::sqlite
