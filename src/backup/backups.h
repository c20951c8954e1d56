// Backups: all remotes of a running node, as its settings name them. Each has its worker; this starts and ends them.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "backup/remote_worker.h"
#include "base/blocking_pool.h"

namespace kinode::backup {

class Backups {
 public:
  /// `node` outlives it. Reads the settings; what is wrong there is reported, and stands in the status: a node starts
  /// without its backups, too.
  explicit Backups(const RemoteWorker::Node& node);
  /// Stops all: some seconds at most.
  ~Backups();
  Backups(const Backups&) = delete;
  Backups& operator=(const Backups&) = delete;

  // Any thread, none waits:

  /// {"error":null or what is wrong with the settings, "version":n, "remotes":{name:{"url":...,status.h}}}
  /// The version grows with every change.
  [[nodiscard]] nlohmann::ordered_json status() const;
  /// Calls `done` when the status is another than that of `version`: at once, or later on another thread, before this
  /// object ends. When more than 64 wait the first of them is told too early: who is told looks, and may wait again.
  void when_changed(uint64_t version, std::function<void()> done);
  using Tickets = std::map<std::string, uint64_t>;
  /// Of one remote, or of all. Fails where there is none.
  Result<Tickets> ask(const std::optional<std::string>& remote, const RemoteWorker::Task& task);
  /// Asks the remote what it has; `done` is called later, on another thread, before this object ends. Fails at once
  /// when too many are asked for.
  void list(const std::string& remote, std::function<void(Result<std::vector<restic::Snapshot>>)> done);
  /// Reads the settings anew; `done` as above.
  void reload(std::function<void(Result<void>)> done);
  /// Begins the end.
  void request_stop();

 private:
  using Workers = std::map<std::string, std::shared_ptr<RemoteWorker>>;
  Result<void> read();
  void start_and_end(const Settings& settings);
  /// With no lock held.
  void note_change();

  const RemoteWorker::Node& node_;
  std::stop_source stop_;
  mutable std::mutex mutex_;
  Workers workers_;
  size_t lists_ = 0;  // asked for, and not told
  std::optional<std::string> error_;
  // Of the status:
  mutable std::mutex version_mutex_;
  uint64_t version_ = 1;
  std::deque<std::function<void()>> waiting_;
  /// Settings are read by one thread, in order; lists wait for remotes.
  BlockingPool reading_{"backup-settings", 1};
  BlockingPool listing_{"backup-list", 4};
};

}  // namespace kinode::backup
