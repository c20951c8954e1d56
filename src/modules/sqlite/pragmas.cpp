#include "modules/sqlite/pragmas.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

namespace kinode::modules::sqlite {
namespace {

struct Pragma {
  std::string_view name;
  PragmaEffect without_argument;
  PragmaEffect with_argument;
};

using enum PragmaEffect;

// By name. Refused, by not being here: what changes the file's safety (writable_schema, ignore_check_constraints,
// schema_version), shows the host (database_list, temp_store_directory, data_store_directory, lock_proxy_file),
// or is the whole program's (soft_heap_limit, hard_heap_limit, trusted_schema, threads). What the writing connection
// remembers (foreign_keys) is read there too.
constexpr auto pragmas = std::to_array<Pragma>({
    {"analysis_limit", writes, writes},   {"application_id", reads, writes},
    {"auto_vacuum", reads, writes},       {"automatic_index", reads, ignored},
    {"busy_timeout", reads, ignored},     {"cache_size", reads, ignored},
    {"cache_spill", reads, ignored},      {"case_sensitive_like", ignored, ignored},
    {"cell_size_check", reads, ignored},  {"checkpoint_fullfsync", reads, ignored},
    {"collation_list", reads, reads},     {"compile_options", reads, reads},
    {"data_version", reads, reads},       {"defer_foreign_keys", writes, writes},
    {"encoding", reads, writes},          {"foreign_key_check", reads, reads},
    {"foreign_key_list", reads, reads},   {"foreign_keys", writes, writes},
    {"freelist_count", reads, reads},     {"fullfsync", reads, ignored},
    {"function_list", reads, reads},      {"incremental_vacuum", writes, writes},
    {"index_info", reads, reads},         {"index_list", reads, reads},
    {"index_xinfo", reads, reads},        {"integrity_check", reads, reads},
    {"journal_mode", reads, ignored},     {"journal_size_limit", reads, ignored},
    {"locking_mode", reads, ignored},     {"max_page_count", reads, ignored},
    {"mmap_size", reads, ignored},        {"module_list", reads, reads},
    {"optimize", writes, writes},         {"page_count", reads, reads},
    {"page_size", reads, ignored},        {"pragma_list", reads, reads},
    {"query_only", reads, ignored},       {"quick_check", reads, reads},
    {"read_uncommitted", reads, ignored}, {"recursive_triggers", writes, writes},
    {"schema_version", reads, refused},   {"secure_delete", reads, ignored},
    {"shrink_memory", ignored, ignored},  {"synchronous", reads, ignored},
    {"table_info", reads, reads},         {"table_list", reads, reads},
    {"table_xinfo", reads, reads},        {"temp_store", reads, ignored},
    {"user_version", reads, writes},      {"wal_autocheckpoint", reads, ignored},
    {"wal_checkpoint", ignored, ignored},
});
static_assert(std::ranges::is_sorted(pragmas, {}, &Pragma::name));

}  // namespace

PragmaEffect pragma_effect(std::string_view name, bool has_argument) {
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const auto* found = std::ranges::lower_bound(pragmas, lower, {}, &Pragma::name);
  if (found == pragmas.end() || found->name != lower) {
    return refused;
  }
  return has_argument ? found->with_argument : found->without_argument;
}

}  // namespace kinode::modules::sqlite
