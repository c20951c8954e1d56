// RemoteWorker: one remote of a running node. It has a thread of its own, so that no remote waits for another: makes
// snapshots when they are due or asked for, tries again after failures, lets old ones go, reads data back, and keeps
// the remote's status.
//
// A failed backup is tried again after Settings::retry, doubled with each failure up to an hour, and up to a half more
// by chance, each time with a fresh snapshot; what had arrived is not sent again.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <variant>

#include "backup/remote_work.h"
#include "base/random.h"

namespace kinode::backup {

class RemoteWorker {
 public:
  /// What it needs of its node; outlives it.
  struct Node {
    std::filesystem::path home;
    std::string name;
    /// Of repositories.
    const crypto::Secret& password;
    /// A tree of a moment not before the one given. Waits, and fails soon after a stop is requested.
    std::function<Result<Tree>(Instant, const std::stop_token&)> take_snapshot;
    /// Told of failures and of their end, on the worker's thread.
    std::function<void(const std::string&)> report;
    Random& random;
  };
  struct Backup {};
  struct Verify {
    uint32_t percent = 100;
  };
  struct Forget {
    std::optional<std::string> snapshot;  // none: by the settings' retention
  };
  using Task = std::variant<Backup, Verify, Forget>;

  /// `settings` holds `remote`. `on_change` is called on the worker's thread, which has changed the status.
  RemoteWorker(const Node& node, Settings settings, Remote remote, std::function<void()> on_change);
  /// Stops the snapshot or restic and waits for that: some seconds at most.
  ~RemoteWorker();
  RemoteWorker(const RemoteWorker&) = delete;
  RemoteWorker& operator=(const RemoteWorker&) = delete;

  // Any thread:

  /// Has it done after what was asked before. The ticket stands in the status (`done`) afterwards. Fails when too much
  /// waits.
  Result<uint64_t> ask(Task task);
  [[nodiscard]] RemoteStatus status() const;
  [[nodiscard]] const Remote& remote() const { return remote_; }
  /// Of the schedule and retention; the remote stays.
  void change(Settings settings);
  /// Begins the end.
  void request_stop();

 private:
  struct Asked {
    Task task;
    uint64_t ticket = 0;
    Instant at;
  };
  void run();
  /// What is to be done next, when its time is there. Waits; none: it stops.
  std::optional<Asked> next(std::unique_lock<std::mutex>& lock);
  Result<void> carry_out(const Asked& asked, const Settings& settings);
  Result<void> back_up(Instant since, const Settings& settings);
  void note_end(const Asked& asked, const Result<void>& result);
  void plan_next(bool succeeded);
  /// A time that is too far away to have been planned by the clock of now is one of a clock that was set back.
  void replan_after_clock(Time now);
  [[nodiscard]] std::optional<Time> verify_due(Time now) const;
  void update(const std::function<void(RemoteStatus&)>& change);
  void keep();

  const Node& node_;
  const Remote remote_;
  const std::function<void()> on_change_;
  std::stop_source stop_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Settings settings_;
  RemoteStatus status_;
  std::deque<Asked> asked_;
  uint64_t tickets_ = 0;
  /// A snapshot of the remote, until something fails.
  std::optional<std::string> parent_;
  std::thread thread_;
};

}  // namespace kinode::backup
