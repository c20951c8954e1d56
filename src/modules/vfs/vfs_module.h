// vfs:distro:sys: files for processes, by messages (modules.md 2).
//
// Requests of this node only; others are dropped without an answer. Requests of one process are carried out
// one after another in the order they came (defect G1), those of different processes side by side, on threads
// of the BlockingPool. So a large read or write holds up its own process and one thread. Requests wait in the mailbox
// while as much waits for its turn as the settings allow, and while a snapshot holds the drives.
//
// Answers: success when somebody waits for it, with the request's metadata; an error only to a request that
// expects a response (modules.md 1.3). A blob of an answer is the file's bytes, copied once from the system.
#pragma once

#include <memory>

#include "base/blocking_pool.h"
#include "kernel/process.h"
#include "kernel/process_context.h"
#include "modules/module.h"
#include "modules/vfs/access.h"
#include "modules/vfs/vfs.h"
#include "modules/vfs/vfs_api.h"

namespace kinode::modules::vfs {

struct ModuleSettings {
  /// Requests taken from the mailbox whose turn has not come.
  size_t calls_waiting = 16'384;
  /// Bytes of their bodies and blobs.
  size_t bytes_waiting = size_t{1} << 30U;
  /// Whether there is an fd-manager:distro:sys to ask for a limit of open files, and to tell when it is met.
  bool ask_fd_manager = false;
};

class VfsModule final : public kernel::Process {
 public:
  /// `vfs` and `pool` must outlive it, as `context` does. Of one Vfs there is one module at a time.
  VfsModule(kernel::ProcessContext& context, Vfs& vfs, BlockingPool& pool, ModuleSettings settings = {});
  /// Waits for what is in work.
  ~VfsModule() override;

  Poll poll() override;

  /// Waits until all requests taken so far are answered. For tests.
  void wait_idle();

 private:
  struct Work;
  struct Done;
  void take(kernel::Envelope&& envelope);
  void start(Call call, size_t bytes);
  /// On a thread of the pool.
  void carry_out(const Call& call);
  VfsResult<Done> act(const Call& call);
  VfsResult<Done> act_on(const Call& call, const Action& action, const VfsPath& path, const std::optional<VfsPath>& to);
  VfsResult<Done> create_drive(const Call& call, const VfsPath& path);
  void send_to_fd_manager(std::string_view body);
  void set_fds_limit(const Call& call, uint64_t limit);

  kernel::ProcessContext& context_;
  Drives& drives_;
  ModuleSettings settings_;
  Access access_;
  SerialQueues queues_;
  bool asked_fd_manager_ = false;
  std::unique_ptr<Work> work_;
};

}  // namespace kinode::modules::vfs
