// backup:distro:sys: the backups of this node, by message. What is not in the first client: the bodies are ours.
//
//   {"Status":{"after":n?}}                    {"Status":{...}}            how it stands with each remote, as
//                                                                          backup/backups.h has it; with `after` as
//                                                                          soon as its version is not that. Also
//                                                                          "Status"
//   {"Now":{"remote":s?}}                      {"Started":{remote:ticket}} a snapshot to one remote, or to all
//   {"Verify":{"remote":s?,"percent":n?}}      {"Started":{...}}           reads that much of the data back; 100
//   {"Forget":{"remote":s?,"snapshot":s?}}     {"Started":{...}}           one snapshot, or by the settings' retention
//   {"List":{"remote":s}}                      {"Snapshots":[{"id","time"}]}, the oldest first
//   "Reload"                                   "Reloaded"                  the settings were changed
//
// What is started goes on by itself; the ticket stands in the status, under `done`, when it has ended. Errors are
// {"Err":"..."}. Where snapshots go is said in the settings file alone, by who owns the home: a message that could say
// it could write anywhere.
//
// It needs the capability {"root":true} of this process, as packages request it; processes of distro:sys and
// terminal:sys, which the node's owner speaks through, need none. Requests of other nodes are not answered.
//
// Threads: polled as any process. Lists, reloads and who waits for a change are answered by threads of the Backups.
#pragma once

#include "backup/backups.h"
#include "modules/module.h"

namespace kinode::modules {

class BackupModule final : public kernel::Process {
 public:
  static ProcessId id() { return {"backup", "distro", "sys"}; }

  /// The backups end after its last poll and before the kernel.
  BackupModule(kernel::ProcessContext& context, backup::Backups& backups) : context_(context), backups_(backups) {}

  Poll poll() override;

 private:
  void handle(const Call& call);
  [[nodiscard]] bool may_ask(const Call& call) const;
  void status(const Call& call, const std::optional<uint64_t>& after);
  void start(const Call& call, const std::optional<std::string>& remote, const backup::RemoteWorker::Task& task);
  void list(const Call& call, const std::string& remote);
  void reload(const Call& call);

  kernel::ProcessContext& context_;
  backup::Backups& backups_;
};

}  // namespace kinode::modules
