#include "modules/database/database_module.h"

#include <exception>
#include <mutex>
#include <unordered_set>
#include <utility>

#include "kernel/kernel.h"

namespace kinode::modules::database {
namespace {

/// After so many envelopes others get their turn.
constexpr int envelopes_of_one_poll = 256;

Result<uint64_t> read_transaction_id(const codec::JsonVariant& action) {
  auto fields = action.payload().fields({"tx_id"});
  return fields ? (*fields)["tx_id"].u64() : std::unexpected(fields.error());
}

}  // namespace

/// A piece of work that began. It ends also where that throws: else no snapshot would be made any more, and no end.
class DatabaseModule::Pass {
 public:
  Pass(WorkGate& gate, size_t bytes) : gate_(gate), bytes_(bytes) {}
  ~Pass() { gate_.end(bytes_); }
  Pass(const Pass&) = delete;
  Pass& operator=(const Pass&) = delete;

 private:
  WorkGate& gate_;
  size_t bytes_;
};

/// Whose lives are watched. Guards what the kernel calls against the module's end.
struct DatabaseModule::Lives {
  std::mutex mutex;
  DatabaseModule* module = nullptr;
  std::unordered_set<ProcessId> watched;
};

DatabaseModule::DatabaseModule(kernel::ProcessContext& context, DatabaseEngine& engine, WorkGate& gate,
                               BlockingPool& pool, ModuleSettings settings)
    : context_(context),
      engine_(engine),
      gate_(gate),
      settings_(settings),
      access_(context.our(), [&context](const ProcessId& holder,
                                        const Capability& capability) { return context.holds(holder, capability); }),
      transactions_(settings.transactions, context.kernel().environment().clock, context.kernel().environment().random),
      queues_(pool),
      lives_(std::make_shared<Lives>()) {
  lives_->module = this;
  gate_.on_room([&context] { context.wake(); });
}

DatabaseModule::~DatabaseModule() {
  {
    std::lock_guard lock(lives_->mutex);
    lives_->module = nullptr;
  }
  gate_.wait_idle();
  gate_.on_room({});
}

kernel::Process::Poll DatabaseModule::poll() {
  for (int i = 0; i < envelopes_of_one_poll; ++i) {
    if (!gate_.has_room()) {
      return {};
    }
    std::unique_ptr<kernel::Envelope> envelope = context_.receive();
    if (envelope == nullptr) {
      return {};
    }
    take(std::move(*envelope));
  }
  return {.status = Status::yielded, .exit = {}};
}

void DatabaseModule::take(kernel::Envelope&& envelope) {
  const size_t bytes = envelope.bytes();
  std::optional<Call> request = own_request(context_, std::move(envelope));
  if (!request) {
    return;
  }
  auto call = std::make_shared<Call>(std::move(*request));
  std::string key = call->source().process().text();
  gate_.begin(bytes);
  queues_.submit(key, [this, &gate = gate_, bytes, call = std::move(call)]() mutable {
    const Pass pass(gate, bytes);
    carry_out(*call);
    call.reset();
  });
}

void DatabaseModule::carry_out(const Call& call) {
  DatabaseResult<Answer> done = act_or_fail(call);
  if (!done) {
    const DatabaseError& error = done.error();
    if (!error.reason.empty()) {
      context_.print(2, fmt::format("{}: {} to {}: {}", context_.our().process().process(), error.name,
                                    call.source().text(), error.reason));
    }
    answer(context_, call, error.body());
  } else if (call.wants_answer()) {
    std::optional<Blob> blob;
    if (done->blob) {
      blob = Blob{"application/octet-stream", std::move(*done->blob)};
    }
    answer(context_, call, std::move(done->body), std::move(blob), call.request.metadata);
  }
}

DatabaseResult<Answer> DatabaseModule::act_or_fail(const Call& call) {
  try {
    return act(call);
  } catch (const std::exception& exception) {  // above all std::bad_alloc
    return errors::io_error("the node could not carry this out, maybe not all of it: look at its log",
                            exception.what());
  }
}

DatabaseResult<Answer> DatabaseModule::act(const Call& call) {
  Result<DatabaseRequest> request = DatabaseRequest::parse(call.body(), settings_.max_body);
  if (!request) {
    return errors::malformed(request.error().message);
  }
  const DatabaseId& database = request->database();
  const std::string& action = request->action().name();
  if (action == "Commit" || action == "Rollback") {
    return end_transaction(call, *request);
  }
  if (action == "Open" || action == "RemoveDb" || action == "BeginTx") {
    if (Result<void> empty = request->action().unit(); !empty) {
      return errors::malformed(empty.error().message);
    }
    return action == "Open"       ? open(call, database)
           : action == "RemoveDb" ? remove(call, database)
                                  : begin(call, database);
  }
  return engine_.act(DatabaseCall(call.source(), database, call.blob, access_, transactions_), request->action());
}

DatabaseResult<Answer> DatabaseModule::open(const Call& call, const DatabaseId& database) {
  if (auto allowed = access_.check_owner(call.source(), database); !allowed) {
    return std::unexpected(allowed.error());
  }
  if (auto opened = engine_.open(database); !opened) {
    return std::unexpected(opened.error());
  }
  Result<Capability> read = database_capability(context_.our(), Right::read, database);
  Result<Capability> write = database_capability(context_.our(), Right::write, database);
  if (!read || !write || !context_.grant(call.source().process(), {*read, *write})) {
    return errors::add_capability_failed();
  }
  return Answer{};
}

DatabaseResult<Answer> DatabaseModule::remove(const Call& call, const DatabaseId& database) {
  if (auto allowed = access_.check_owner(call.source(), database); !allowed) {
    return std::unexpected(allowed.error());
  }
  transactions_.refuse(database);
  DatabaseResult<void> removed = engine_.remove(database);
  transactions_.allow(database);
  if (!removed) {
    return std::unexpected(removed.error());
  }
  return Answer{};
}

DatabaseResult<Answer> DatabaseModule::begin(const Call& call, const DatabaseId& database) {
  if (auto allowed = access_.check(call.source(), Right::write, database); !allowed) {
    return std::unexpected(allowed.error());
  }
  auto transaction = engine_.begin(database);
  if (!transaction) {
    return std::unexpected(transaction.error());
  }
  const ProcessId& owner = call.source().process();
  auto id = transactions_.add(owner, database, std::move(*transaction));
  if (!id) {
    return std::unexpected(id.error());
  }
  if (!watch(owner)) {
    transactions_.end_of(owner);
    return errors::no_transaction(*id);
  }
  return Answer{fmt::format(R"({{"BeginTx":{{"tx_id":{}}}}})", *id)};
}

DatabaseResult<Answer> DatabaseModule::end_transaction(const Call& call, const DatabaseRequest& request) {
  Result<uint64_t> id = read_transaction_id(request.action());
  if (!id) {
    return errors::malformed(id.error().message);
  }
  if (auto allowed = access_.check(call.source(), Right::write, request.database()); !allowed) {
    return std::unexpected(allowed.error());
  }
  auto transaction = transactions_.take(*id, call.source().process(), request.database());
  if (!transaction) {
    return std::unexpected(transaction.error());
  }
  if (request.action().name() == "Commit") {
    if (auto committed = (*transaction)->commit(); !committed) {
      return std::unexpected(committed.error());
    }
  }
  return Answer{};
}

bool DatabaseModule::watch(const ProcessId& owner) {
  {
    std::lock_guard lock(lives_->mutex);
    if (!lives_->watched.insert(owner).second) {
      return true;
    }
  }
  auto ended = [weak = std::weak_ptr(lives_), owner] {
    std::shared_ptr<Lives> lives = weak.lock();
    if (!lives) {
      return;
    }
    std::lock_guard lock(lives->mutex);
    lives->watched.erase(owner);
    DatabaseModule* module = lives->module;
    if (module == nullptr) {
      return;
    }
    module->gate_.begin(0);
    // After what the process sent before its end, and before what its next life sends.
    module->queues_.submit(owner.text(), [module, &gate = module->gate_, owner] {
      const Pass pass(gate, 0);
      module->transactions_.end_of(owner);
    });
  };
  bool lives = context_.kernel().watch(owner, ended);
  if (!lives) {
    std::lock_guard lock(lives_->mutex);
    lives_->watched.erase(owner);
  }
  return lives;
}

}  // namespace kinode::modules::database
