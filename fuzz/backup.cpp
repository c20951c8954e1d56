// What backups read: backup.toml, the requests of backup:distro:sys, and what restic prints. Settings that are taken
// come back the same when they were written.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "backup/settings.h"
#include "base/check.h"
#include "modules/backup/backup_api.h"
#include "restic/restic.h"

using namespace kinode;

namespace {

void check_settings(std::string_view text) {
  const Result<backup::Settings> settings = backup::parse_settings(text, "backup.toml");
  if (!settings) {
    KINODE_CHECK(settings.error().message.starts_with("backup.toml: line "), "{}", settings.error().message);
    return;
  }
  const std::string written = backup::format_settings(*settings);
  const Result<backup::Settings> again = backup::parse_settings(written, "backup.toml");
  KINODE_CHECK(again.has_value(), "{}", again ? "" : again.error().message);
  KINODE_CHECK(again->remotes == settings->remotes && again->every == settings->every &&
               again->retry == settings->retry && again->verify_every == settings->verify_every &&
               again->retention == settings->retention);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_settings(text);
  if (const auto request = modules::parse_backup_request(text); !request) {
    KINODE_CHECK(!request.error().message.empty());
  }
  if (const auto snapshots = restic::parse_snapshots(text)) {
    for (const restic::Snapshot& snapshot : *snapshots) {
      KINODE_CHECK(snapshot.time.size() == 20);
    }
  }
  const restic::BackupLine line = restic::parse_backup_line(text);
  KINODE_CHECK(!line.progress || (line.progress->part >= 0 && line.progress->part <= 1));
  (void)restic::parse_total_size(text);
  (void)restic::shown_url(std::string(text));
  return 0;
}
