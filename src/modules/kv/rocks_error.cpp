#include "modules/kv/rocks_error.h"

#include <string>

namespace kinode::modules::kv {
namespace {

constexpr std::string_view error_name = "RocksDBError";

std::string reason_for_guest(const rocksdb::Status& status) {
  if (status.IsNoSpace() || status.ToString().find("No space left") != std::string::npos) {
    return "the disk is full";
  }
  if (status.IsCorruption()) {
    return "the database is damaged: restore it from a backup, or remove it";
  }
  if (status.IsInvalidArgument() || status.IsNotSupported()) {
    return "the database is of a kind that this node cannot read";
  }
  return "the disk fails";
}

}  // namespace

std::unexpected<database::DatabaseError> rocks_error(const rocksdb::Status& status, std::string_view doing) {
  if (status.IsBusy() || status.IsTryAgain()) {
    std::string_view conflict = status.IsBusy()
                                    ? "conflict: a key that this transaction changes was changed since it began"
                                    : "the transaction is too old to see whether it is in conflict with others";
    return database::errors::with_text(error_name, fmt::format("{}; nothing of it is done, begin it anew", conflict));
  }
  return database::errors::with_text(error_name, fmt::format("cannot {}: {}", doing, reason_for_guest(status)),
                                     status.ToString());
}

}  // namespace kinode::modules::kv
