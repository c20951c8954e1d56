// ProcessEntry: what the kernel keeps of one life of one process. A process that is started again gets
// a new entry; what was said to the old one does not reach the new.
//
// `mutex` guards what stands below it. It is never held while another entry's is taken. The Process
// itself belongs to the thread that runs the task.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "kernel/asked_by.h"
#include "kernel/kernel.h"
#include "kernel/mailbox.h"
#include "kernel/outstanding.h"
#include "kernel/process_context.h"
#include "kernel/process_table.h"

namespace kinode::kernel {

class Lifecycle;

/// How often a process was started again lately (kernel.md 7.3).
struct RestartHistory {
  std::optional<Instant> next;  // before this, the next start has to wait
  uint32_t attempts = 0;
};

/// Capabilities held, each with the signature it was received with; none for those of this node.
using CapabilitySet = std::unordered_map<Capability, Bytes>;

struct ProcessEntry final : Task, std::enable_shared_from_this<ProcessEntry> {
  enum class Kind : uint8_t { guest, module, kernel };

  enum class Stage : uint8_t {
    initialized,  // not running yet; its mailbox fills
    running,
    backing_off,  // crashed too often: will run again later
    ended,        // killed, or replaced by its next life
  };
  /// What an envelope must be for the process to be polled.
  enum class WaitingFor : uint8_t { nothing, any, awaited };

  ProcessEntry(Kernel& kernel, Lifecycle& owner, Address process_address, Kind process_kind);
  ~ProcessEntry() override;

  Outcome run() override;
  [[nodiscard]] ProcessStatistics statistics();

  [[nodiscard]] const ProcessId& id() const { return address.process(); }
  [[nodiscard]] bool ended() const { return stage.load(std::memory_order_relaxed) == Stage::ended; }
  /// Whether what it holds outlives a restart of the node, and it does, if it is a guest. With the lock held.
  [[nodiscard]] bool lasts() const { return kind != Kind::guest || on_exit.kind != OnExit::Kind::none; }

  Lifecycle& lifecycle;
  const Address address;
  const Kind kind;
  /// The capability that others need to message this process.
  const Capability messaging;
  std::atomic<bool> is_public = false;
  /// It may message any local process: kernel, state and vfs.
  bool exempt = false;
  /// It takes requests of other nodes, where it may use the network.
  bool reachable = true;
  /// Outstanding requests of others that this process may answer.
  AskedBy asked;
  std::atomic<Stage> stage = Stage::initialized;  // written with the lock held
  /// It left too much unread and is stopped when its poll ends.
  std::atomic<bool> over_limit = false;
  /// It was said that it may not be reached from other nodes.
  std::atomic<bool> network_refused = false;
  std::atomic<uint64_t> sent = 0;    // messages delivered to others
  std::atomic<uint64_t> memory = 0;  // of `process`, after its last poll
  ProcessContext context;
  std::unique_ptr<Process> process;  // the running thread's alone

  std::mutex mutex;
  Mailbox mailbox;
  std::unique_ptr<Envelope> awaited;
  uint64_t awaited_received = 0;  // ends that came to `awaited`
  WaitingFor waiting_for = WaitingFor::nothing;
  OutstandingRequests outstanding;
  CapabilitySet capabilities;
  OnExit on_exit;
  Program program;
  RestartHistory restarts;
  bool from_journal = false;  // loaded at boot and not yet run
  std::vector<std::function<void()>> watchers;
  Timer wake_timer;
  Timer restart_timer;
};

/// Calls `use` with the process `id`, its lock held, in the life it has now: one that ended and was
/// followed by another is passed over. False if there is none.
template <class Use>
bool with_living(const ProcessTable& table, const ProcessId& id, Use use) {
  std::shared_ptr<ProcessEntry> last;
  while (std::shared_ptr<ProcessEntry> entry = table.find(id)) {
    if (entry == last) {
      return false;  // ended, and nothing follows
    }
    {
      std::scoped_lock lock(entry->mutex);
      if (!entry->ended()) {
        use(*entry);
        return true;
      }
    }
    last = std::move(entry);
  }
  return false;
}

}  // namespace kinode::kernel
