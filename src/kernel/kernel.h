// The kernel: routing, mailboxes, outstanding requests, capabilities and the life of processes.
//
// There is no event loop and no thread in here. A message is checked and put into its target's mailbox
// by the thread that sends it; the target is then woken through the Executor. Commands to
// kernel:distro:sys are carried out the same way, by the sender's thread. So a grant that returned
// is there for every message sent after it.
//
// What each thing is guarded by: the table of processes has its own lock; what belongs to one process
// (mailbox, outstanding requests, capabilities, on-exit) is guarded by that process's lock. No lock is
// held while another process's is taken, nor during a call out, but for writes to the Journal, whose
// order is that of memory, and for `on_deadline`.
//
// The outside world comes in through interfaces: Journal (what lasts), Clock, Executor, Random,
// Printer, and ProcessFactory, which makes what runs behind a mailbox. All must outlive the kernel.
// The executor must have let go of the kernel's tasks, or never touch them again, when it is destroyed.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/executor.h"
#include "base/random.h"
#include "base/result.h"
#include "codec/kernel_api.h"
#include "kernel/journal.h"
#include "kernel/limits.h"
#include "kernel/network.h"
#include "kernel/printer.h"
#include "kernel/process.h"
#include "kernel/process_context.h"
#include "kernel/statistics.h"
#include "types/message.h"

namespace kinode::kernel {

struct ProcessEntry;

/// What a process is made with (kernel.md 8, InitializeProcess).
struct ProcessSpec {
  ProcessId id;
  Program program;
  OnExit on_exit;
  bool is_public = false;
  std::vector<Capability> capabilities;
  /// More of them, with the signatures that their holder received them with.
  std::vector<AttachedCapability> passed_on = {};
};

class Kernel {
 public:
  struct Environment {
    std::string node;
    Limits limits;
    Clock& clock;
    Random& random;
    Executor& executor;
    Journal& journal;
    Printer& printer;
    ProcessFactory& factory;
    /// Called when a process asks for the node's shutdown, on that process's thread.
    std::function<void()> shutdown_requested;
    /// The way to other nodes; none: they are all unreachable.
    Network* network = nullptr;
  };
  explicit Kernel(Environment environment);
  ~Kernel();
  Kernel(const Kernel&) = delete;
  Kernel& operator=(const Kernel&) = delete;

  // ---- names ------------------------------------------------------------------------------------

  [[nodiscard]] const std::string& node() const;
  /// kernel:distro:sys of this node.
  [[nodiscard]] const Address& address() const;
  [[nodiscard]] Address local(const ProcessId& process) const;

  // ---- boot, by the composition root, in this order ---------------------------------------------

  /// Whose requests a module takes: runtime modules trust who may message them, so no other node may, but
  /// where one is made for that (defects B2, B3, B5).
  enum class Reach : uint8_t { this_node, all_nodes };
  /// Adds a runtime module. It is woken at once. All modules hold messaging for each other and the
  /// network capability. Their ids are reserved.
  using MakeProcess = std::function<std::unique_ptr<Process>(ProcessContext&)>;
  void add_module(const ProcessId& id, bool is_public, const MakeProcess& make, Reach reach = Reach::this_node);
  /// Adds what the journal holds. `load` gives the program of a process by its handle; one that cannot
  /// be had is forgotten, with a line that says so. Not running yet.
  Result<void> load(const std::function<Result<Program>(const std::string& handle)>& load);
  /// Makes a process of a shipped package, or brings it up to date: program, on-exit and publicity are
  /// replaced, capabilities added to those it holds.
  Result<void> install(ProcessSpec spec);
  /// Runs every process that does not run yet; those loaded with on-exit requests send them first.
  void run_all();

  // ---- processes --------------------------------------------------------------------------------

  /// Makes a process that does not run yet. Fails when the id is taken, unsafe or reserved, or the
  /// program is not a component. Gives it messaging to itself.
  Result<void> initialize(ProcessSpec spec);
  /// Opens its mailbox to it. Fails when there is no such process; no effect on one that runs. The hint is
  /// for its first turn.
  Result<void> run(const ProcessId& id, WakeHint hint = WakeHint::elsewhere);
  /// Ends a process at once; on-exit is not heeded. False if there is none of that id, or it is a module.
  bool kill(const ProcessId& id, bool revoke);
  [[nodiscard]] bool exists(const ProcessId& id) const;
  /// Puts a request from the process to itself into its mailbox: so what a person types reaches the process that
  /// stands for them (modules.md 10.1). It expects no response. Fails when there is no such process, it does not run
  /// just now, or its mailbox is full. Any thread.
  Result<void> tell_itself(const ProcessId& id, Request request);
  /// Calls `ended` once, when the life that the process has now ends, on the thread that ends it. Its next life
  /// begins after that: so `ended` must neither wait nor call the kernel. False, and no call, if there is none.
  bool watch(const ProcessId& id, std::function<void()> ended);

  // ---- capabilities -----------------------------------------------------------------------------

  [[nodiscard]] bool holds(const ProcessId& holder, const Capability& capability) const;
  bool grant(const ProcessId& holder, const std::vector<Capability>& capabilities);
  /// Gives capabilities now, or when a process of that id is made; that lasts over a restart of the node.
  Result<void> promise(const ProcessId& holder, const std::vector<Capability>& capabilities);
  bool drop(const ProcessId& holder, const std::vector<Capability>& capabilities);
  [[nodiscard]] std::vector<Capability> capabilities(const ProcessId& holder) const;

  // ---- other nodes, called by Network: any thread, with no process locked -------------------------

  enum class Arrival : uint8_t {
    /// In the mailbox, or the end of the request that it answers.
    delivered,
    /// A request to a process that is not there, which its node may be told of: `refused`.
    no_such_process,
    /// Not for this node, or its target takes no requests of other nodes, or this request had too many heirs.
    denied,
    /// A response that nobody waits for, or that its sender was not asked for.
    late,
    /// A request whose target's mailbox is full.
    full,
  };
  /// Brings in what another node sent; its caller has proved that `message.source` is of that node and pruned
  /// forged capabilities. Used up unless it is `full`: then it is the caller's still, and `waiter` is woken when
  /// there may be room. All but `full` are counted.
  Arrival arrive(KernelMessage& message, const std::shared_ptr<Task>& waiter);
  /// Gives back a message that the network took, and that no part of left the node: its target's node cannot be
  /// reached. A request that still waits ends with Offline; a response goes back to its sender as such an error.
  void undelivered(KernelMessage message);
  /// `node` says that there is no process there for the request `id` of `asker`, a process of this node. It ends
  /// with Timeout, if it was sent there and nobody else may answer it.
  void refused(const std::string& node, const ProcessId& asker, uint64_t id);

  // ---- the rest ---------------------------------------------------------------------------------

  bool set_on_exit(const ProcessId& id, OnExit on_exit);
  [[nodiscard]] codec::ProcessMap process_map() const;
  [[nodiscard]] std::optional<codec::ProcessMapEntry> process(const ProcessId& id) const;
  [[nodiscard]] Counters counters() const;
  /// Of every process, in no order.
  [[nodiscard]] std::vector<ProcessStatistics> statistics() const;

  /// Fires what is due. The caller sleeps until `next_deadline`, or until `on_deadline` tells of an
  /// earlier one.
  void advance();
  [[nodiscard]] std::optional<Instant> next_deadline() const;
  /// Called with the time of a new earliest deadline, on any thread, at times with a process locked: it
  /// must not call the kernel. Set before boot.
  void on_deadline(std::function<void(Instant)> notify);

  /// Ends all processes but the modules, and makes no more; returns at once, last polls may still run. No
  /// module can message them or kill them from here on.
  void shutdown();

  Environment& environment();

 private:
  friend class ProcessContext;
  friend class Conversation;
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace kinode::kernel
