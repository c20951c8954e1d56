// The requests of backup:distro:sys, read from their JSON. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "backup/remote_worker.h"
#include "base/result.h"

namespace kinode::modules {

/// As soon as it is another than that of the version.
struct BackupStatus {
  std::optional<uint64_t> after;
};
struct BackupReload {};
struct BackupList {
  std::string remote;
};
struct BackupStart {
  std::optional<std::string> remote;
  backup::RemoteWorker::Task task;
};
using BackupRequest = std::variant<BackupStatus, BackupReload, BackupList, BackupStart>;

/// Fails with the place and the reason.
Result<BackupRequest> parse_backup_request(std::string_view body);

}  // namespace kinode::modules
