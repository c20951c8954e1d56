// What RocksDB says, as kv:distro:sys answers it: {"RocksDBError":text}, where the text names no path of the host. The
// whole is for the node's log.
#pragma once

#include <rocksdb/status.h>

#include <string_view>

#include "modules/database/database_error.h"

namespace kinode::modules::kv {

/// `doing`: "open", "read", "write".
std::unexpected<database::DatabaseError> rocks_error(const rocksdb::Status& status, std::string_view doing);

}  // namespace kinode::modules::kv
