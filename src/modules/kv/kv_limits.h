// What kv:distro:sys lets a package do (docs/limits.md).
#pragma once

#include <cstddef>

namespace kinode::modules::kv {

struct KvLimits {
  size_t key_bytes = size_t{256} << 10U;
  size_t value_bytes = size_t{128} << 20U;
  /// Of the blob of SetMany.
  size_t batch_entries = 100'000;
  size_t batch_bytes = size_t{128} << 20U;
  /// Of one page of Iterate: entries, and bytes of their keys and values; one entry of any size fits.
  size_t page_entries = 10'000;
  size_t page_bytes = size_t{8} << 20U;
  /// Databases that stay open while nobody uses them.
  size_t open_databases = 48;
  size_t databases_of_package = 1'024;
};

}  // namespace kinode::modules::kv
