// How it stands with one remote, as apps and people see it, and as it is kept over restarts in
// <home>/backup/NAME.json. Values; functions wait for the disk.
//
//   {"last":{"snapshot":"9cab53c5","time":"2026-11-25T13:52:24Z","bytes":n,"bytes_added":n},   of the last that
//   succeeded
//    "stored_bytes":n,                    in the remote, all snapshots together
//    "pending_since":time,                since when a snapshot is due that the remote has not got
//    "next_try":time,
//    "last_error":{"text":"...","time":time},     of what failed last and has not succeeded since
//    "failures":n,                        in a row
//    "verified":{"time":time,"percent":n,"error":"..."},
//    "forgotten":time,                    when old snapshots were let go last
//    "activity":"backup","percent":n,     what is under way: backup, verify, forget
//    "done":{"ticket":null or error}}     the last commands that were carried out
//
// What there is not is null. The last two are of the running node only.
#pragma once

#include <deque>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "backup/utc.h"
#include "base/result.h"

namespace kinode::backup {

struct RemoteStatus {
  struct Stored {
    std::string snapshot;
    Time time;  // of the snapshot
    uint64_t bytes = 0;
    uint64_t bytes_added = 0;
  };
  struct Failed {
    std::string text;
    Time time;
  };
  struct Verified {
    Time time;
    uint32_t percent = 0;
    std::optional<std::string> error;
  };
  struct Done {
    uint64_t ticket = 0;
    std::optional<std::string> error;
  };

  std::optional<Stored> last;
  std::optional<uint64_t> stored_bytes;
  std::optional<Time> pending_since;
  std::optional<Time> next_try;
  std::optional<Failed> last_error;
  uint32_t failures = 0;
  std::optional<Verified> verified;
  std::optional<Time> forgotten;

  std::string activity;  // empty: none
  uint32_t percent = 0;
  std::deque<Done> done;
};

nlohmann::ordered_json to_json(const RemoteStatus& status);

/// One with nothing in it where there is no file, or none that can be read: the remote itself knows better.
RemoteStatus read_status(const std::filesystem::path& home, const std::string& remote);
Result<void> write_status(const std::filesystem::path& home, const std::string& remote, const RemoteStatus& status);
void forget_status(const std::filesystem::path& home, const std::string& remote);

}  // namespace kinode::backup
