// Settings of a home's backups: <home>/backup.toml, for its owner alone, since it may hold what opens a remote.
//
//   every = "1h"                 # from one snapshot to the next; "never": by command alone
//   retry = "30s"                # after a failure; doubled with each, up to an hour
//   verify_every = "7d"          # reads data back; "never": by command alone
//   verify_percent = 5           # of a remote's data each time, chosen anew
//
//   [retention]                  # how many snapshots stay; of each hour, day, week and month the last one
//   last = 10
//   hourly = 24
//   daily = 7
//   weekly = 5
//   monthly = 12
//
//   [[remote]]
//   name = "disk"
//   url = "/mnt/disk/backup"     # or sftp: s3: rest: rclone:, as restic takes them
//   environment = { AWS_ACCESS_KEY_ID = "..." }             # for restic
//   environment_from = { AWS_SECRET_ACCESS_KEY = "NAME" }   # the same, from this program's variables
//   options = { "sftp.command" = "..." }                    # restic's own
//
// Functions wait for the disk. Any thread; two writers at once are the caller's to keep apart.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "restic/restic.h"

namespace kinode::backup {

inline constexpr const char* settings_file = "backup.toml";
inline constexpr size_t most_remotes = 32;

struct Remote {
  /// a-z, 0-9 and `-`, 32 at most: it is a file's name, too.
  std::string name;
  restic::Repository repository;
  std::map<std::string, std::string> environment_from;

  /// With the variables that `environment_from` names.
  [[nodiscard]] restic::Repository resolved() const;
  friend bool operator==(const Remote&, const Remote&) = default;
};

struct Settings {
  /// None: never.
  std::optional<std::chrono::seconds> every = std::chrono::hours(1);
  std::chrono::seconds retry{30};
  std::optional<std::chrono::seconds> verify_every = std::chrono::days(7);
  uint32_t verify_percent = 5;
  restic::Retention retention{.last = 10, .hourly = 24, .daily = 7, .weekly = 5, .monthly = 12};
  std::vector<Remote> remotes;

  [[nodiscard]] const Remote* find(const std::string& name) const;
};

Result<void> check_remote(const Remote& remote);

/// `place` is for errors, which name the line. A key that is unknown is an error: it may be a misspelt one.
Result<Settings> parse_settings(std::string_view text, const std::string& place);
std::string format_settings(const Settings& settings);

/// The defaults, without a remote, where there is no file.
Result<Settings> read_settings(const std::filesystem::path& home);
/// In one step. Comments of the file are lost.
Result<void> write_settings(const std::filesystem::path& home, const Settings& settings);

}  // namespace kinode::backup
