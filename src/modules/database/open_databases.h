// OpenDatabases: the databases that are open, for all threads that use them.
//
// A database is opened by its first user, and kept open for the next. Of more than `limit` those that nobody uses are
// closed, the one unused for longest first. One in use is never closed (defect K3: there the list of the least recently
// used could be empty while databases were open, and the request was lost).
//
//   OpenDatabases<KvDatabase> open(64);
//   auto database = open.acquire(id, [&] { return KvDatabase::open(...); });
//   (*database)->get(key);            // in use as long as a copy of *database lives
//
// Databases are opened, closed (destroyed) and removed outside of the lock; whoever wants the same one waits for that.
// Any thread. The table outlives all users.
//
// `Database` has `is_dirty()`, and `Result<void> sync()`, which brings what was written to the disk, and is called by
// one thread at a time. It closes itself in its destructor, which is not called as long as `sync` fails: what may be
// lost is not forgotten by closing it.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <iterator>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "base/result.h"
#include "modules/database/database_error.h"

namespace kinode::modules::database {

template <class Database>
class OpenDatabases {
 public:
  using Lease = std::shared_ptr<Database>;
  using Open = std::function<DatabaseResult<std::unique_ptr<Database>>()>;

  explicit OpenDatabases(size_t limit) : limit_(limit) {}
  OpenDatabases(const OpenDatabases&) = delete;
  OpenDatabases& operator=(const OpenDatabases&) = delete;

  /// The database, opened by `open` if it is not. Fails as that does.
  DatabaseResult<Lease> acquire(const DatabaseId& id, const Open& open) {
    std::unique_lock lock(mutex_);
    auto slot = settled(lock, id);
    if (!slot->second.database) {
      slot->second.state = State::opening;
      lock.unlock();
      DatabaseResult<std::unique_ptr<Database>> opened = open();
      lock.lock();
      if (!opened) {
        erase(slot);
        return std::unexpected(std::move(opened.error()));
      }
      settle(slot, std::move(*opened));
    }
    Lease lease = lease_of(slot);
    close_idle(lock);
    return lease;
  }

  /// Waits until nobody uses the database, closes it, and calls `remove`; nobody can open it meanwhile.
  DatabaseResult<void> remove(const DatabaseId& id, const std::function<DatabaseResult<void>()>& remove) {
    std::unique_lock lock(mutex_);
    auto slot = settled(lock, id);
    slot->second.state = State::removing;
    changed_.wait(lock, [&] { return slot->second.users == 0; });
    std::unique_ptr<Database> database = take_database(slot);
    lock.unlock();
    database.reset();
    DatabaseResult<void> removed = remove();
    lock.lock();
    erase(slot);
    return removed;
  }

  /// Calls `visit` for each open database for which `wanted`, which is called with the table locked. When it returns,
  /// those that were being closed are closed.
  void for_each(const std::function<bool(const Database&)>& wanted,
                const std::function<void(const DatabaseId&, Database&)>& visit) {
    std::vector<std::pair<DatabaseId, Lease>> leases;
    std::unique_lock lock(mutex_);
    std::vector<DatabaseId> closing;
    for (auto slot = slots_.begin(); slot != slots_.end(); ++slot) {
      if (slot->second.state == State::closing) {
        closing.push_back(slot->first);
      } else if (slot->second.state == State::settled && wanted(*slot->second.database)) {
        leases.emplace_back(slot->first, lease_of(slot));
      }
    }
    for (const DatabaseId& id : closing) {
      changed_.wait(lock, [&] {
        auto slot = slots_.find(id);
        return slot == slots_.end() || slot->second.state != State::closing;
      });
    }
    lock.unlock();
    for (const auto& [id, database] : leases) {
      visit(id, *database);
    }
  }

  /// All that was written before, also by users that are gone, is on the disk when it returns. Fails as the first
  /// database does that cannot do so.
  Result<void> sync() {
    Result<void> done;
    for_each([](const Database& database) { return database.is_dirty(); },
             [&](const DatabaseId& id, Database& database) {
               if (Result<void> synced = database.sync(); !synced && done) {
                 done = std::unexpected(synced.error().at(id.text()));
               }
             });
    return done;
  }

  [[nodiscard]] size_t open() const {
    std::lock_guard lock(mutex_);
    return open_;
  }

 private:
  enum class State : uint8_t { settled, opening, closing, removing };
  struct Slot {
    State state = State::settled;
    std::unique_ptr<Database> database;
    size_t users = 0;
    std::list<DatabaseId>::iterator idle;  // where a database is there and has no users
  };
  using Slots = std::map<DatabaseId, Slot>;

  // All with the lock held; those that are given it let go of it meanwhile.

  /// The slot of `id`, made if it is not there, once nobody opens, closes or removes it.
  typename Slots::iterator settled(std::unique_lock<std::mutex>& lock, const DatabaseId& id) {
    while (true) {
      auto [slot, is_new] = slots_.try_emplace(id);
      if (slot->second.state == State::settled) {
        return slot;
      }
      changed_.wait(lock);
    }
  }

  void erase(typename Slots::iterator slot) {
    slots_.erase(slot);
    changed_.notify_all();
  }

  Lease lease_of(typename Slots::iterator slot) {
    if (slot->second.users++ == 0) {
      idle_.erase(slot->second.idle);
    }
    return Lease(slot->second.database.get(), [this, slot](Database*) { give_back(slot); });
  }

  void give_back(typename Slots::iterator slot) {
    std::unique_lock lock(mutex_);
    if (--slot->second.users > 0) {
      return;
    }
    slot->second.idle = idle_.insert(idle_.end(), slot->first);
    changed_.notify_all();
    close_idle(lock);
  }

  std::unique_ptr<Database> take_database(typename Slots::iterator slot) {
    if (slot->second.database) {
      idle_.erase(slot->second.idle);
      --open_;
    }
    return std::move(slot->second.database);
  }

  void close_idle(std::unique_lock<std::mutex>& lock) {
    while (open_ > limit_) {
      // One that is to be removed is closed by who does that.
      auto oldest = std::find_if(idle_.begin(), idle_.end(),
                                 [this](const DatabaseId& id) { return slots_.at(id).state == State::settled; });
      if (oldest == idle_.end()) {
        return;
      }
      auto slot = slots_.find(*oldest);
      slot->second.state = State::closing;
      std::unique_ptr<Database> database = take_database(slot);
      lock.unlock();
      const bool is_kept = database->is_dirty() && !database->sync();
      if (!is_kept) {
        database.reset();
      }
      lock.lock();
      if (is_kept) {
        settle(slot, std::move(database));
        return;
      }
      erase(slot);
    }
  }

  void settle(typename Slots::iterator slot, std::unique_ptr<Database> database) {
    slot->second.state = State::settled;
    slot->second.database = std::move(database);
    slot->second.idle = idle_.insert(idle_.end(), slot->first);
    ++open_;
    changed_.notify_all();
  }

  const size_t limit_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;  // of a slot: its state, or that it has no users any more
  // All guarded by `mutex_`.
  Slots slots_;
  std::list<DatabaseId> idle_;  // the one unused for longest first
  size_t open_ = 0;
};

}  // namespace kinode::modules::database
