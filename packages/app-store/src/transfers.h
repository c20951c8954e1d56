#pragma once

#include <kinode/process.h>

#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "messages.h"

namespace app_store {

/// The transfers under way, each done by a worker of its own (ft_worker.cpp). A worker's end is always heard of: it
/// leaves the message `"WorkerEnded"`, also when it crashes.
class Transfers {
 public:
  explicit Transfers(kinode::Address our) : our_(std::move(our)) {}

  struct Download {
    Version version;
    std::string mirror;
    kinode::ProcessId worker;
  };

  /// Asks the node `mirror` for a version, and has a worker receive it. `timeout`: how many seconds of silence of the
  /// mirror end it; null: a default.
  std::expected<void, DownloadError> begin_download(const Version& version, const std::string& mirror,
                                                    const kinode::Json& timeout);
  bool is_downloading(const Version& version) const;
  /// Takes out what `worker` does; nothing: it does nothing that we wait for.
  std::optional<Download> end_download(const kinode::ProcessId& worker);
  /// The same, by the context of our request to the mirror; the worker is told to end.
  std::optional<Download> cancel_download(const std::optional<kinode::Bytes>& context);

  /// Has a worker send a kept zip to `worker_address`, on another node.
  std::expected<void, DownloadError> begin_upload(const Version& version, const kinode::Address& worker_address);
  void end_upload(const kinode::ProcessId& worker);

 private:
  struct Upload {
    std::string node;
    kinode::ProcessId worker;
  };
  std::expected<kinode::ProcessId, DownloadError> spawn_worker(const char* order, kinode::Json arguments) const;

  kinode::Address our_;
  std::vector<Download> downloads_;
  std::vector<Upload> uploads_;
};

}  // namespace app_store
