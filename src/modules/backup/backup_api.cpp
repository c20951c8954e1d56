#include "modules/backup/backup_api.h"

#include "codec/json.h"

namespace kinode::modules {
namespace {

using backup::RemoteWorker;
using codec::JsonReader;

Result<BackupRequest> read_start(const codec::JsonVariant& variant) {
  auto fields = variant.payload().fields({"remote", "percent", "snapshot"});
  if (!fields) {
    return std::unexpected(fields.error());
  }
  auto remote = (*fields)["remote"].optional(&JsonReader::string);
  auto percent = (*fields)["percent"].optional(&JsonReader::u32);
  auto snapshot = (*fields)["snapshot"].optional(&JsonReader::string);
  if (auto error = codec::first_error(remote, percent, snapshot)) {
    return std::unexpected(*error);
  }
  if (variant.name() == "Now") {
    return BackupStart{*remote, RemoteWorker::Backup{}};
  }
  if (variant.name() == "Forget") {
    if (*snapshot && !*remote) {
      return fail("Forget: a snapshot is one of a remote: name that, too");
    }
    return BackupStart{*remote, RemoteWorker::Forget{*snapshot}};
  }
  const uint32_t part = percent->value_or(100);
  if (part < 1 || part > 100) {
    return fail("Verify.percent: {} is not from 1 to 100", part);
  }
  return BackupStart{*remote, RemoteWorker::Verify{part}};
}

Result<BackupRequest> read_list(const JsonReader& payload) {
  auto fields = payload.fields({"remote"});
  if (!fields) {
    return std::unexpected(fields.error());
  }
  Result<std::string> remote = (*fields)["remote"].string();
  return remote ? Result<BackupRequest>(BackupList{std::move(*remote)}) : std::unexpected(remote.error());
}

Result<BackupRequest> read_status(const codec::JsonVariant& variant) {
  if (variant.payload().is_null()) {
    return BackupStatus{};
  }
  auto fields = variant.payload().fields({"after"});
  if (!fields) {
    return std::unexpected(fields.error());
  }
  auto after = (*fields)["after"].optional(&JsonReader::u64);
  return after ? Result<BackupRequest>(BackupStatus{*after}) : std::unexpected(after.error());
}

}  // namespace

Result<BackupRequest> parse_backup_request(std::string_view body) {
  auto json = codec::parse_json(body);
  if (!json) {
    return std::unexpected(json.error());
  }
  auto variant = JsonReader(*json).variant();
  if (!variant) {
    return std::unexpected(variant.error());
  }
  if (variant->name() == "Status") {
    return read_status(*variant);
  }
  if (variant->name() == "Reload") {
    return variant->unit<BackupRequest>(BackupReload{});
  }
  if (variant->name() == "List") {
    return read_list(variant->payload());
  }
  if (variant->name() == "Now" || variant->name() == "Verify" || variant->name() == "Forget") {
    return read_start(*variant);
  }
  return variant->unknown();
}

}  // namespace kinode::modules
