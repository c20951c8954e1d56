// RunningNode: what `kinode backup` asks of backup:distro:sys of a node on this machine, by its HTTP port.
#pragma once

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "backup_tool/home.h"
#include "base/result.h"
#include "node_client/node_client.h"

namespace kinode::backup_tool {

class RunningNode {
 public:
  static Result<RunningNode> find(const Home& home);

  /// A request of src/modules/backup/backup_module.h; the payload of its answer, under `answer`. What it answers as an
  /// error is one.
  Result<nlohmann::json> ask(const nlohmann::json& request, const std::string& answer) const;

  /// Starts something and waits until it has ended at every remote; for each, its error if any. `on_status` sees
  /// the status meanwhile.
  using Ends = std::map<std::string, std::optional<std::string>>;
  Result<Ends> carry_out(const nlohmann::json& request,
                         const std::function<void(const nlohmann::json&)>& on_status) const;

 private:
  explicit RunningNode(uint16_t port) : client_(port) {}
  /// As `ask`; none where the answer took longer than the node waits for one.
  Result<std::optional<nlohmann::json>> ask_with_patience(const nlohmann::json& request,
                                                          const std::string& answer) const;
  /// The status, when it is another than that of `version`, or after some time without a change.
  Result<nlohmann::json> status_after(uint64_t version) const;
  NodeClient client_;
};

}  // namespace kinode::backup_tool
