#include "node/node_backups.h"

#include <utility>

#include "backup/password.h"
#include "modules/backup/backup_module.h"

namespace kinode::node {

NodeBackups::NodeBackups(const std::string& home, const std::string& name, const crypto::SigningKey& key,
                         std::vector<modules::SnapshotSource*> sources, std::function<void(const std::string&)> report,
                         Random& random)
    : password_(backup::node_password(key)),
      snapshots_(home, std::move(sources)),
      node_{
          .home = home,
          .name = name,
          .password = password_,
          .take_snapshot = [this](Instant since, const std::stop_token& stop) { return snapshots_.take(since, stop); },
          .report = std::move(report),
          .random = random} {}

void NodeBackups::start(kernel::Kernel& kernel) {
  backups_ = std::make_unique<backup::Backups>(node_);
  kernel.add_module(modules::BackupModule::id(), false, [this](kernel::ProcessContext& context) {
    return std::make_unique<modules::BackupModule>(context, *backups_);
  });
}

void NodeBackups::request_stop() {
  if (backups_) {
    backups_->request_stop();
  }
}

}  // namespace kinode::node
