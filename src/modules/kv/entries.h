// Entries: keys and values in the blob of Iterate and SetMany (docs/formats/kv.md).
//
// One after another, nothing between: the key's length as 4 bytes, the lowest first, the key, the value's length as 4
// bytes, the value.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "modules/kv/kv_limits.h"

namespace kinode::modules::kv {

/// A view of memory that outlives it.
struct Entry {
  std::string_view key;
  std::string_view value;
};

void append_entry(std::string& blob, const Entry& entry);

/// Fails where a length leads beyond the end, or is over a limit; says which entry it was.
Result<std::vector<Entry>> read_entries(std::string_view blob, const KvLimits& limits);

}  // namespace kinode::modules::kv
