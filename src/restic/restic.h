// Restic: a repository of snapshots, encrypted and without duplicates, as the program restic (0.14 or later) keeps it.
//
// Passwords go to restic by pipes; addresses, which may hold passwords of their own, by its environment. What restic
// says is foreign text: bounded, parsed, and made into errors that say what to do.
//
// Threads: the functions wait for restic, any thread may call them. Each ends soon after `stop` is requested; what was
// stored until then is found again by the next backup.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/secret.h"

namespace kinode::restic {

struct Repository {
  /// As restic takes it: a folder, sftp:, s3:, rest:, rclone: and others.
  std::string url;
  /// Variables beside those of this program, such as AWS_ACCESS_KEY_ID.
  std::map<std::string, std::string> environment;
  /// restic's extended options, such as sftp.command.
  std::map<std::string, std::string> options;

  friend bool operator==(const Repository&, const Repository&) = default;
};

/// An address that restic would understand, by its form. The error says which there are.
Result<void> check_url(const std::string& url);
/// Without the password that may stand in it.
std::string shown_url(const std::string& url);

struct Snapshot {
  std::string id;    // hex, 64 digits
  std::string time;  // 2026-11-25T13:52:24Z
  std::string host;
  std::vector<std::string> tags;
};

struct Progress {
  double part = 0;  // from 0 to 1
  uint64_t bytes_done = 0;
  uint64_t bytes_total = 0;
};

struct Summary {
  std::string snapshot;      // at least the first 8 digits of its id
  uint64_t bytes = 0;        // of all files
  uint64_t bytes_added = 0;  // in the repository
  uint64_t files = 0;
  uint64_t files_read = 0;  // new ones and changed ones
};

/// How many snapshots stay; of each hour, day, week and month that has some, the last one. All zeros: all stay.
struct Retention {
  uint32_t last = 0;
  uint32_t hourly = 0;
  uint32_t daily = 0;
  uint32_t weekly = 0;
  uint32_t monthly = 0;

  friend bool operator==(const Retention&, const Retention&) = default;
};

// What restic prints; public for the fuzzer.
Result<std::vector<Snapshot>> parse_snapshots(std::string_view json);
Result<uint64_t> parse_total_size(std::string_view json);
/// A line of `backup --json`: one of the two, or neither.
struct BackupLine {
  std::optional<Progress> progress;
  std::optional<Summary> summary;
};
BackupLine parse_backup_line(std::string_view line);

class Restic {
 public:
  struct Settings {
    /// Which snapshots are ours: restic's host, the node's name.
    std::string host;
    /// Where restic keeps indexes; empty: nowhere.
    std::filesystem::path cache;
  };
  /// `password` outlives this.
  Restic(Repository repository, const crypto::Secret& password, Settings settings)
      : repository_(std::move(repository)), password_(password), settings_(std::move(settings)) {}

  enum class Access : uint8_t { opens, absent, wrong_password };
  /// What there is at the repository's place. Fails where that cannot be told, since nobody answers there.
  [[nodiscard]] Result<Access> access(const std::stop_token& stop) const;
  /// Makes the repository. Fails where there is one.
  [[nodiscard]] Result<void> init(const std::stop_token& stop) const;
  /// From now on `another` opens it, too.
  [[nodiscard]] Result<void> add_password(const crypto::Secret& another, const std::stop_token& stop) const;

  struct Backup {
    /// Whose entries, by name, are the snapshot's.
    std::filesystem::path tree;
    std::vector<std::string> entries;
    /// Left out: absolute paths.
    std::vector<std::string> excludes;
    /// Files that are as in this snapshot, by size and time of change, are not read.
    std::optional<std::string> parent;
    /// When the tree was made, 2026-11-25 13:52:24 UTC.
    std::string time;
  };
  using OnProgress = std::function<void(const Progress&)>;
  [[nodiscard]] Result<Summary> backup(const Backup& wanted, const OnProgress& progress,
                                       const std::stop_token& stop) const;

  /// Those of this node (`host`), or of all where it is empty; the oldest first. They can be listed while others write.
  [[nodiscard]] Result<std::vector<Snapshot>> snapshots(const std::stop_token& stop) const;
  /// Bytes that the repository holds.
  [[nodiscard]] Result<uint64_t> stored_bytes(const std::stop_token& stop) const;

  /// Lets go of this node's snapshots that need not stay, and of the data that only they needed.
  [[nodiscard]] Result<void> forget(const Retention& retention, const std::stop_token& stop) const;
  /// Lets go of one snapshot, by its id or the begin of that.
  [[nodiscard]] Result<void> forget_snapshot(const std::string& id, const std::stop_token& stop) const;

  /// Checks that all is there, and reads back the data: `percent` of it, chosen anew each time. Fails, naming what is
  /// damaged.
  [[nodiscard]] Result<void> check(uint32_t percent, const std::stop_token& stop) const;

  /// Writes the snapshot's files, or those at and below the paths given, into `target`.
  [[nodiscard]] Result<void> restore(const std::string& snapshot, const std::filesystem::path& target,
                                     const std::vector<std::string>& only, const std::stop_token& stop) const;

 private:
  struct Outcome;
  struct Words {
    std::vector<std::string> words;
    std::filesystem::path folder;
    const crypto::Secret* other_password = nullptr;
  };
  using OnLine = std::function<void(std::string_view)>;
  [[nodiscard]] Result<Outcome> run(const Words& words, const OnLine& on_line, const std::stop_token& stop) const;
  /// As `run`, but a failure of restic is an error, and a lock that a killed restic of this machine left is no failure.
  [[nodiscard]] Result<std::string> succeed(const Words& words, const std::stop_token& stop,
                                            const OnLine& on_line = {}) const;
  [[nodiscard]] Error explained(const Outcome& outcome) const;
  [[nodiscard]] std::vector<std::string> environment() const;

  Repository repository_;
  const crypto::Secret& password_;
  Settings settings_;
};

}  // namespace kinode::restic
