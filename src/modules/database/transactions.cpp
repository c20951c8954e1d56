#include "modules/database/transactions.h"

#include <iterator>
#include <utility>

namespace kinode::modules::database {

DatabaseResult<uint64_t> Transactions::add(const ProcessId& owner, const DatabaseId& database,
                                           std::shared_ptr<Transaction> transaction) {
  Ended idle;
  std::lock_guard lock(mutex_);
  idle = forget_idle();
  if (refused_.contains(database)) {
    return errors::no_database(database);
  }
  auto owned = owners_.find(owner);
  if (owned != owners_.end() && owned->second >= limits_.of_process) {
    return errors::io_error(fmt::format(
        "this process has {} open transactions, the most there may be: commit some or roll them back", owned->second));
  }
  if (records_.size() >= limits_.count) {
    return errors::io_error(
        fmt::format("{} transactions are open, the most there may be: try again later", records_.size()));
  }
  uint64_t id = random_.next();
  while (records_.contains(id)) {
    id = random_.next();
  }
  uses_.push_back(id);
  ++owners_[owner];
  records_.emplace(id, Record{.owner = owner,
                              .database = database,
                              .transaction = std::move(transaction),
                              .last_used = clock_.now(),
                              .use = std::prev(uses_.end())});
  return id;
}

DatabaseResult<std::shared_ptr<Transaction>> Transactions::find(uint64_t id, const ProcessId& owner,
                                                                const DatabaseId& database) {
  Ended idle;
  std::lock_guard lock(mutex_);
  idle = forget_idle();
  auto record = find_record(id, owner, database);
  if (record == records_.end()) {
    return errors::no_transaction(id);
  }
  record->second.last_used = clock_.now();
  uses_.splice(uses_.end(), uses_, record->second.use);
  return record->second.transaction;
}

DatabaseResult<void> Transactions::grow(uint64_t id, size_t bytes) {
  std::lock_guard lock(mutex_);
  auto record = records_.find(id);
  if (record == records_.end()) {
    return errors::no_transaction(id);
  }
  if (bytes > limits_.bytes_of_one - record->second.bytes) {
    return errors::io_error(fmt::format(
        "a transaction may have {} bytes of changes: commit what there is, or roll back", limits_.bytes_of_one));
  }
  if (bytes > limits_.bytes - bytes_) {
    return errors::io_error(fmt::format(
        "all open transactions together may have {} bytes of changes: commit, or try again later", limits_.bytes));
  }
  record->second.bytes += bytes;
  bytes_ += bytes;
  return {};
}

DatabaseResult<std::shared_ptr<Transaction>> Transactions::take(uint64_t id, const ProcessId& owner,
                                                                const DatabaseId& database) {
  Ended idle;
  std::lock_guard lock(mutex_);
  idle = forget_idle();
  auto record = find_record(id, owner, database);
  if (record == records_.end()) {
    return errors::no_transaction(id);
  }
  return forget(record);
}

void Transactions::end_of(const ProcessId& owner) {
  Ended ended;
  std::lock_guard lock(mutex_);
  if (owners_.contains(owner)) {
    ended = forget_if([&](const Record& record) { return record.owner == owner; });
  }
}

void Transactions::refuse(const DatabaseId& database) {
  Ended ended;
  std::lock_guard lock(mutex_);
  refused_.insert(database);
  ended = forget_if([&](const Record& record) { return record.database == database; });
}

void Transactions::allow(const DatabaseId& database) {
  std::lock_guard lock(mutex_);
  refused_.erase(refused_.find(database));
}

size_t Transactions::count() const {
  std::lock_guard lock(mutex_);
  return records_.size();
}

size_t Transactions::bytes() const {
  std::lock_guard lock(mutex_);
  return bytes_;
}

Transactions::Records::iterator Transactions::find_record(uint64_t id, const ProcessId& owner,
                                                          const DatabaseId& database) {
  auto record = records_.find(id);
  bool is_right = record != records_.end() && record->second.owner == owner && record->second.database == database;
  return is_right ? record : records_.end();
}

std::shared_ptr<Transaction> Transactions::forget(Records::iterator record) {
  std::shared_ptr<Transaction> transaction = std::move(record->second.transaction);
  bytes_ -= record->second.bytes;
  auto owner = owners_.find(record->second.owner);
  if (--owner->second == 0) {
    owners_.erase(owner);
  }
  uses_.erase(record->second.use);
  records_.erase(record);
  return transaction;
}

Transactions::Ended Transactions::forget_idle() {
  Ended ended;
  Instant now = clock_.now();
  while (!uses_.empty()) {
    auto oldest = records_.find(uses_.front());
    if (now - oldest->second.last_used < limits_.idle) {
      break;
    }
    ended.push_back(forget(oldest));
  }
  return ended;
}

template <class Matches>
Transactions::Ended Transactions::forget_if(Matches matches) {
  Ended ended;
  for (auto record = records_.begin(); record != records_.end();) {
    auto next = std::next(record);
    if (matches(record->second)) {
      ended.push_back(forget(record));
    }
    record = next;
  }
  return ended;
}

}  // namespace kinode::modules::database
