// state:distro:sys: the state of processes, by message (kernel.md 9). The WIT calls get-state, set-state
// and clear-state use the same keys of the journal, `state/<process id>`, without a message.
//
//   {"GetState":P}     "GetState" and the bytes, mime application/octet-stream
//   {"SetState":P}     with a blob: "SetState"
//   {"DeleteState":P}  "DeleteState", also when there was none
//   "Backup"           "Backup", when a copy of the whole store is at <home>/kernel/backup
//
// Successes are answered where somebody wants an answer and echo the request's metadata; errors always
// are, as {"Err":...}, without metadata. Sources on other nodes are ignored, with a line at verbosity 1.
//
// Repairs (docs/compatibility.md). C15: a process reads, writes and deletes its own state only, and
// Backup is for the packages distro:sys and terminal:sys, which may do all; others get
// {"Err":{"BadRequest":{"error":...}}}. R2: requests of one sender are carried out and answered in the
// order they were sent; those of others do not wait for them.
//
// A SetState that was answered is in the journal, not yet on disk: what leaves the node waits for that
// (the output gate). While the disk takes no writes the answer is {"Err":{"RocksDBError":...}}.
//
// Threads: polled as any process; reads and copies end on other threads, which only note the result
// and wake it. The journal and the pool must outlive the kernel's last poll and their own work.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/blocking_pool.h"
#include "kernel/journal.h"
#include "modules/module.h"

namespace kinode::modules {

class StateModule final : public kernel::Process {
 public:
  /// Makes the copy of the store; may wait, runs on the pool, one at a time.
  using Backup = std::function<Result<void>()>;
  StateModule(kernel::ProcessContext& context, kernel::Journal& journal, BlockingPool& pool, Backup backup);
  ~StateModule() override;

  Poll poll() override;

  /// Requests that may wait here for earlier ones of their senders; beyond that they wait in the mailbox.
  static constexpr size_t max_waiting = 1024;

 private:
  struct Shared;
  struct Done;
  enum class Progress : uint8_t { answered, busy };

  void take(Call call);
  Progress start(Call&& call);
  Progress start_get(Call&& call, const ProcessId& id);
  Progress start_backup(Call&& call);
  void run_backup();
  void finish(Done&& done);
  /// The sender's next requests, until one must wait.
  void go_on(const ProcessId& sender);

  void succeed(const Call& call, std::string_view action, std::optional<Blob> blob = std::nullopt);

  kernel::ProcessContext& context_;
  kernel::Journal& journal_;
  BlockingPool& pool_;
  Backup backup_;
  std::shared_ptr<Shared> shared_;
  /// Senders with a request under way, and what they sent after it.
  std::unordered_map<ProcessId, std::deque<Call>> busy_;
  size_t waiting_ = 0;  // in the queues of busy_
  /// Who waits for the copy being made, and who for the next.
  std::vector<Call> in_backup_;
  std::vector<Call> for_next_backup_;
};

}  // namespace kinode::modules
