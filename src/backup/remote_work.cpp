#include "backup/remote_work.h"

#include <cmath>

namespace kinode::backup {

RemoteWork::RemoteWork(const Remote& remote, const crypto::Secret& password, const std::string& node,
                       const std::filesystem::path& home, Update update)
    : restic_(remote.resolved(), password, {.host = node, .cache = home / "cache" / "restic"}),
      update_(std::move(update)) {
  update_([this](const RemoteStatus& status) { forgotten_ = status.forgotten; });
}

Result<void> RemoteWork::back_up(const Tree& tree, std::optional<std::string> parent, const std::stop_token& stop) {
  if (!parent) {
    Result<std::vector<restic::Snapshot>> known = restic_.snapshots(stop);
    if (!known) {
      return std::unexpected(known.error());
    }
    if (!known->empty()) {
      parent = known->back().id;
    }
  }
  std::string time = utc_text(tree.taken);  // as restic wants it: no letters between
  time[time.find('T')] = ' ';
  time.pop_back();
  Result<restic::Summary> summary = restic_.backup(
      {.tree = tree.folder, .entries = tree.entries, .excludes = tree.excludes, .parent = parent, .time = time},
      [this](const restic::Progress& progress) {
        update_([&](RemoteStatus& status) { status.percent = static_cast<uint32_t>(std::floor(progress.part * 100)); });
      },
      stop);
  if (!summary) {
    return std::unexpected(summary.error());
  }
  update_([&](RemoteStatus& status) {
    status.last = RemoteStatus::Stored{summary->snapshot, tree.taken, summary->bytes, summary->bytes_added};
  });
  note_size(stop);
  return {};
}

Result<void> RemoteWork::forget(const restic::Retention& retention, bool now, const std::stop_token& stop) {
  if (!now && forgotten_ && utc_now() - *forgotten_ < std::chrono::days(1)) {
    return {};
  }
  if (Result<void> forgotten = restic_.forget(retention, stop); !forgotten) {
    return forgotten;
  }
  forgotten_ = utc_now();
  update_([this](RemoteStatus& status) { status.forgotten = forgotten_; });
  note_size(stop);
  return {};
}

Result<void> RemoteWork::forget_snapshot(const std::string& id, const std::stop_token& stop) {
  Result<void> forgotten = restic_.forget_snapshot(id, stop);
  if (forgotten) {
    note_size(stop);
  }
  return forgotten;
}

Result<void> RemoteWork::verify(uint32_t percent, const std::stop_token& stop) {
  Result<void> verified = restic_.check(percent, stop);
  if (!stop.stop_requested()) {
    update_([&](RemoteStatus& status) {
      status.verified = RemoteStatus::Verified{utc_now(), percent, std::nullopt};
      if (!verified) {
        status.verified->error = verified.error().message;
      }
    });
  }
  return verified;
}

void RemoteWork::note_size(const std::stop_token& stop) {
  if (Result<uint64_t> bytes = restic_.stored_bytes(stop)) {  // else the last known stays
    update_([&](RemoteStatus& status) { status.stored_bytes = *bytes; });
  }
}

}  // namespace kinode::backup
