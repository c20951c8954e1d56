#include "modules/kv/kv_engine.h"

#include <utility>

namespace kinode::modules::kv {

using database::Answer;
using database::DatabaseCall;
using database::DatabaseId;
using database::DatabaseResult;
using database::Right;
namespace errors = database::errors;

namespace {

/// An open transaction, which keeps its database open.
class LeasedTransaction final : public database::Transaction {
 public:
  LeasedTransaction(KvStore& store, KvStore::Lease lease)
      : store_(store), lease_(std::move(lease)), transaction_(lease_->begin()) {}

  DatabaseResult<void> commit() override {
    DatabaseResult<void> committed = transaction_->commit();
    return committed ? store_.wrote() : committed;
  }
  KvTransaction& transaction() { return *transaction_; }

 private:
  KvStore& store_;
  KvStore::Lease lease_;
  std::unique_ptr<KvTransaction> transaction_;  // gone before its database
};

size_t bytes_of(const std::vector<Entry>& entries) {
  // A change is kept with its key, in an index and in a table of what to look at for conflicts.
  constexpr size_t overhead = 256;
  size_t bytes = 0;
  for (const Entry& entry : entries) {
    bytes += 2 * entry.key.size() + entry.value.size() + overhead;
  }
  return bytes;
}

DatabaseResult<Answer> ok_if(const DatabaseResult<void>& done) {
  if (!done) {
    return std::unexpected(done.error());
  }
  return Answer{};
}

}  // namespace

/// One action on its way, which the process has the right to.
class KvEngine::Work {
 public:
  Work(KvStore& store, const DatabaseCall& call) : store_(store), call_(call) {}

  DatabaseResult<Answer> operator()(const GetAction& action) {
    auto value = on(action.transaction, 0, [&](auto& target) { return target.get(action.key); });
    if (!value) {
      return std::unexpected(std::move(value.error()));
    }
    if (!*value) {
      return errors::named("KeyNotFound");
    }
    return Answer{answers::get(action.key), std::move(*value)};
  }

  DatabaseResult<Answer> operator()(const SetAction& action) {
    if (!call_.blob()) {
      return errors::malformed("Set without a blob, which is the value");
    }
    std::string_view value = call_.blob()->bytes.text();
    if (value.size() > store_.limits().value_bytes) {
      return errors::io_error(
          fmt::format("a value of {} bytes is over the limit of {}", value.size(), store_.limits().value_bytes));
    }
    return set(action.transaction, {{action.key.text(), value}});
  }

  DatabaseResult<Answer> operator()(const DeleteAction& action) {
    size_t bytes = bytes_of({{action.key.text(), {}}});
    return wrote(action.transaction,
                 on(action.transaction, bytes, [&](auto& target) { return target.erase(action.key); }));
  }

  DatabaseResult<Answer> operator()(const SetManyAction& action) {
    if (!call_.blob()) {
      return errors::malformed("SetMany without a blob, which has the entries");
    }
    auto entries = read_entries(call_.blob()->bytes.text(), store_.limits());
    if (!entries) {
      return errors::malformed("SetMany: " + entries.error().message);
    }
    return set(action.transaction, *entries);
  }

  DatabaseResult<Answer> operator()(const IterateAction& action) {
    auto page = on(action.transaction, 0, [&](auto& target) { return target.iterate(action, store_.limits()); });
    if (!page) {
      return std::unexpected(std::move(page.error()));
    }
    return Answer{answers::iterate(page->count, page->next), Bytes::from(std::move(page->entries))};
  }

 private:
  DatabaseResult<Answer> set(std::optional<uint64_t> transaction, const std::vector<Entry>& entries) {
    return wrote(transaction, on(transaction, bytes_of(entries), [&](auto& target) { return target.set(entries); }));
  }

  /// Does `action` on the database, or on the open transaction that is named, which gets changes of `bytes`.
  template <class Do>
  auto on(std::optional<uint64_t> id, size_t bytes, Do action) -> decltype(action(std::declval<KvDatabase&>())) {
    if (id) {
      auto transaction = bytes > 0 ? call_.growing_transaction(*id, bytes) : call_.transaction(*id);
      if (!transaction) {
        return std::unexpected(transaction.error());
      }
      // All transactions of this module are of this engine.
      return action(static_cast<LeasedTransaction&>(**transaction).transaction());
    }
    auto database = store_.acquire(call_.database());
    if (!database) {
      return std::unexpected(database.error());
    }
    return action(**database);
  }

  DatabaseResult<Answer> wrote(std::optional<uint64_t> transaction, const DatabaseResult<void>& done) {
    return ok_if(done && !transaction ? store_.wrote() : done);
  }

  KvStore& store_;
  const DatabaseCall& call_;
};

DatabaseResult<void> KvEngine::open(const DatabaseId& database) {
  auto opened = store_.make(database);
  if (!opened) {
    return std::unexpected(opened.error());
  }
  return {};
}

DatabaseResult<void> KvEngine::remove(const DatabaseId& database) { return store_.remove(database); }

DatabaseResult<std::shared_ptr<database::Transaction>> KvEngine::begin(const DatabaseId& database) {
  auto lease = store_.acquire(database);
  if (!lease) {
    return std::unexpected(lease.error());
  }
  return std::make_shared<LeasedTransaction>(store_, std::move(*lease));
}

DatabaseResult<Answer> KvEngine::act(const DatabaseCall& call, const codec::JsonVariant& action) {
  Result<Action> read = read_action(action, store_.limits());
  if (!read) {
    return errors::malformed(read.error().message);
  }
  bool only_reads = std::holds_alternative<GetAction>(*read) || std::holds_alternative<IterateAction>(*read);
  if (auto allowed = call.check(only_reads ? Right::read : Right::write); !allowed) {
    return std::unexpected(allowed.error());
  }
  return std::visit(Work(store_, call), *read);
}

}  // namespace kinode::modules::kv
