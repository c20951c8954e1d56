// SQLite's functions whose time grows with the product of their arguments' lengths, and which nothing interrupts: a
// statement could hold its thread for hours. These take their places, mean the same, and take their lengths' sum (trim:
// it refuses what would take long).
#pragma once

#include <sqlite3.h>

namespace kinode::modules::sqlite {

/// instr, replace, trim, ltrim, rtrim and json_patch. False where SQLite takes none.
bool add_functions(sqlite3* connection);

}  // namespace kinode::modules::sqlite
