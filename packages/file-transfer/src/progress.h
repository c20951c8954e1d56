#pragma once

#include <kinode/json.h>
#include <kinode/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// How far a transfer is: what a worker tells the main process, and the main process anybody who asks for "Status".

namespace file_transfer {

struct Progress {
  std::string name;
  /// The node and process at the other end.
  std::string peer;
  /// `download` or `upload`.
  std::string direction;
  /// asking, hashing, waiting, running, verifying, retrying; at the end done, failed or cancelled.
  std::string state;
  /// Known when it has begun.
  std::optional<uint64_t> size;
  uint64_t bytes = 0;
  /// Of them, those that were there from an earlier attempt.
  uint64_t resumed_from = 0;
  /// Bytes for each second.
  uint64_t rate = 0;
  /// How often the peer was asked in vain.
  uint64_t attempts = 0;
  std::optional<std::string> sha256;
  std::optional<std::string> error;

  bool has_ended() const { return state == "done" || state == "failed" || state == "cancelled"; }
  /// Whole percents; of an empty file 100 when it is done.
  uint64_t percent() const;
};

kinode::Json to_json(const Progress& progress);
std::optional<Progress> progress_of(const kinode::Json& arguments);

/// The transfers that a main process knows of, running and ended: of one file from or to one peer the last.
class Transfers {
 public:
  /// True at a transfer's end, which is worth a line at the terminal.
  bool update(const kinode::ProcessId& worker, Progress progress);
  /// What it was at will not go on. True if it was at something.
  bool worker_ended(const kinode::ProcessId& worker);
  /// The answer to "Status"; with a name, of that file alone.
  kinode::Json to_json(const std::optional<std::string>& name = std::nullopt) const;

 private:
  struct Entry {
    kinode::ProcessId worker;
    Progress progress;
  };
  void make_room();

  /// Oldest first.
  std::vector<Entry> entries_;
};

}  // namespace file_transfer
