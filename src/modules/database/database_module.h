// DatabaseModule: kv:distro:sys and sqlite:distro:sys, up to what each does with its databases (modules.md 3, 4).
//
// Requests of this node only. Those of one process are carried out one after another in the order they came (defect
// G1), those of different processes side by side, on threads of the pool. What is under way is bounded by the gate; the
// rest waits in the mailbox.
//
// Answers: success when somebody waits for it, with the request's metadata; an error always (modules.md 1.3).
//
// Actions of both modules, beside those of the engine:
//
//   "Open"                      by the owner: makes the database where there is none, gives its capabilities
//   "RemoveDb"                  by the owner: removes it; it stays removed until it is opened again (K1)
//   "BeginTx"                   {"BeginTx":{"tx_id":u64}}
//   {"Commit":{"tx_id":u64}}
//   {"Rollback":{"tx_id":u64}}  not in the first client
//
// A process's transactions are rolled back when its life ends, after the requests it had sent.
#pragma once

#include <memory>

#include "base/blocking_pool.h"
#include "kernel/process.h"
#include "kernel/process_context.h"
#include "modules/database/database_access.h"
#include "modules/database/database_engine.h"
#include "modules/database/database_request.h"
#include "modules/database/transactions.h"
#include "modules/database/work_gate.h"
#include "modules/module.h"

namespace kinode::modules::database {

struct ModuleSettings {
  /// Of the text of a request.
  size_t max_body = size_t{4} << 20U;
  Transactions::Limits transactions;
};

class DatabaseModule final : public kernel::Process {
 public:
  /// `engine`, `gate` and `pool` must outlive it, as `context` does. Of one gate there is one module at a time.
  DatabaseModule(kernel::ProcessContext& context, DatabaseEngine& engine, WorkGate& gate, BlockingPool& pool,
                 ModuleSettings settings = {});
  /// Waits for what is under way.
  ~DatabaseModule() override;

  Poll poll() override;

  /// Open transactions of all processes.
  [[nodiscard]] const Transactions& transactions() const { return transactions_; }

 private:
  class Pass;
  struct Lives;
  void take(kernel::Envelope&& envelope);
  // On a thread of the pool:
  void carry_out(const Call& call);
  /// What is thrown is an error too.
  DatabaseResult<Answer> act_or_fail(const Call& call);
  DatabaseResult<Answer> act(const Call& call);
  DatabaseResult<Answer> open(const Call& call, const DatabaseId& database);
  DatabaseResult<Answer> remove(const Call& call, const DatabaseId& database);
  DatabaseResult<Answer> begin(const Call& call, const DatabaseId& database);
  DatabaseResult<Answer> end_transaction(const Call& call, const DatabaseRequest& request);
  /// Has the transactions of a process end with its life. False where it is over.
  bool watch(const ProcessId& owner);

  kernel::ProcessContext& context_;
  DatabaseEngine& engine_;
  WorkGate& gate_;
  const ModuleSettings settings_;
  const DatabaseAccess access_;
  Transactions transactions_;
  SerialQueues queues_;
  /// Shared with the kernel, which may tell of a life's end when the module is gone.
  std::shared_ptr<Lives> lives_;
};

}  // namespace kinode::modules::database
