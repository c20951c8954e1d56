#pragma once

#include <kinode/process.h>

#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "messages.h"

namespace app_store {

/// The transfers under way. One between nodes is done by a worker of its own (ft_worker.cpp), whose end is always heard
/// of: it leaves the message `"WorkerEnded"`, also when it crashes. One from a URL is done by http-client:distro:sys.
class Transfers {
 public:
  explicit Transfers(kinode::Address our) : our_(std::move(our)) {}

  struct Download {
    Version version;
    /// Nothing: it is from a URL.
    std::optional<kinode::ProcessId> worker;
    /// The context of the request to the mirror, whose answer is to be received.
    std::string id;
  };

  /// Asks `mirror`, a node or a URL, for a version. `timeout`: how many seconds of silence of a node end it; null: a
  /// default.
  std::expected<void, DownloadError> begin_download(const Version& version, const std::string& mirror,
                                                    const kinode::Json& timeout);
  bool is_downloading(const Version& version) const;
  /// Takes out what `worker` does; nothing: it does nothing that we wait for.
  std::optional<Download> end_download(const kinode::ProcessId& worker);
  /// What a request to a mirror was for.
  std::optional<Download> find_download(const std::optional<kinode::Bytes>& context) const;
  /// Takes it out; its worker is told to end.
  void cancel_download(const Download& download);

  /// Has a worker send a kept zip to `worker_address`, on another node.
  std::expected<void, DownloadError> begin_upload(const Version& version, const kinode::Address& worker_address);
  void end_upload(const kinode::ProcessId& worker);

 private:
  struct Upload {
    std::string node;
    kinode::ProcessId worker;
  };
  std::expected<void, DownloadError> ask_node(const Version& version, const std::string& node,
                                              const kinode::Json& timeout);
  void ask_url(const Version& version, const std::string& url);
  std::expected<kinode::ProcessId, DownloadError> spawn_worker(const char* order, kinode::Json arguments) const;

  kinode::Address our_;
  std::vector<Download> downloads_;
  std::vector<Upload> uploads_;
  uint64_t next_url_ = 1;
};

}  // namespace app_store
