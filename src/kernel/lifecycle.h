// Lifecycle: how processes come to be, end and start again (kernel.md 7, 8, 12.3).
//
// Thread-safe. A process is ended by whoever decides it, but its Process is deleted by the thread that
// runs its task, which is told so by the stage `ended`. Whatever makes, removes or replaces the entry
// of one id is done by one thread after the other, with what it writes to the journal.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>

#include "kernel/capability_store.h"
#include "kernel/process_entry.h"
#include "kernel/process_table.h"
#include "kernel/records.h"
#include "kernel/router.h"

namespace kinode::kernel {

class Lifecycle {
 public:
  Lifecycle(Kernel& kernel, Kernel::Environment& environment, const Address& address, ProcessTable& table,
            TimerWheel& wheel, CapabilityStore& capabilities, Records& records, Router& router, Tally& tally)
      : kernel_(kernel),
        environment_(environment),
        address_(address),
        table_(table),
        wheel_(wheel),
        capabilities_(capabilities),
        records_(records),
        router_(router),
        tally_(tally) {}

  void add_kernel();
  void add_module(const ProcessId& id, bool is_public, const Kernel::MakeProcess& make, Kernel::Reach reach);
  Result<void> load(const std::function<Result<Program>(const std::string& handle)>& load);
  Result<void> install(ProcessSpec spec);
  void run_all();

  Result<void> initialize(ProcessSpec spec);
  Result<void> run(const ProcessId& id, WakeHint hint);
  bool kill(const ProcessId& id, bool revoke);
  bool watch(const ProcessId& id, std::function<void()> ended);
  Result<void> promise(const ProcessId& holder, const std::vector<Capability>& capabilities);
  bool set_on_exit(const ProcessId& id, OnExit on_exit);
  void set_on_exit(ProcessEntry& entry, OnExit on_exit);
  void shutdown();
  /// Before the kernel's parts go: lets go of all processes.
  void clear();

  // ---- called by ProcessEntry::run, on its thread -------------------------------------------------

  /// Makes the process of an entry that runs for the first time; false when that failed.
  bool make_process(ProcessEntry& entry);
  void exited(ProcessEntry& entry, const Exit& exit);

  // ---- called when time has come ------------------------------------------------------------------

  void restart_now(const std::shared_ptr<ProcessEntry>& entry);
  void cancel_timers(ProcessEntry& entry);

 private:
  /// Gives one of the runtime's own what it holds.
  void hold(ProcessEntry& entry, const std::vector<Capability>& capabilities);
  std::shared_ptr<ProcessEntry> make_entry(const ProcessId& id, ProcessEntry::Kind kind);
  Result<void> check_new(const ProcessSpec& spec) const;
  // With the entry's lock held.
  void persist(ProcessEntry& entry);
  void change_on_exit(ProcessEntry& entry, OnExit on_exit);

  void start(const std::shared_ptr<ProcessEntry>& entry, WakeHint hint = WakeHint::elsewhere);
  /// Takes an entry's life: no message reaches it any more, and it sends none. `last` is called with
  /// its lock held. False if it had ended.
  template <class Last>
  bool end(ProcessEntry& entry, Last last);
  /// False if it had ended.
  bool remove(ProcessEntry& entry, bool revoke);
  void restart(ProcessEntry& entry);
  void send_on_exit_requests(ProcessEntry& entry, const OnExit& on_exit);
  void print(uint8_t verbosity, std::string text) const;
  void print_refused(size_t refused, const ProcessId& holder) const;

  Kernel& kernel_;
  Kernel::Environment& environment_;
  const Address& address_;
  ProcessTable& table_;
  TimerWheel& wheel_;
  CapabilityStore& capabilities_;
  Records& records_;
  Router& router_;
  Tally& tally_;
  std::atomic<bool> shut_down_ = false;
  std::array<std::mutex, 64> orders_;  // one for the births and deaths of a part of all ids
  std::mutex& order_of(const ProcessId& id) { return orders_[id.hash() % orders_.size()]; }
};

}  // namespace kinode::kernel
