#include "modules/state/rocks_journal.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/blocking_pool.h"
#include "modules/state/rocks_store.h"

namespace kinode::modules {
namespace {

/// What was written and is not known to be on disk.
struct Group {
  Changes changes;
  uint64_t last = 0;  // sequence of its last write; 0: none
  size_t bytes = 0;

  void add(const kernel::Batch::Write& write) {
    auto [place, is_new] = changes.try_emplace(write.key, std::nullopt);
    bytes -= is_new ? 0 : size_of(write.key, place->second);
    place->second = write.value;
    bytes += size_of(write.key, write.value);
  }
  static size_t size_of(const std::string& key, const std::optional<Bytes>& value) {
    constexpr size_t overhead = 64;
    return key.size() + (value ? value->size() : 0) + overhead;
  }
};

/// A group of this size is flushed though nobody waits for it.
constexpr size_t large_group = size_t{4} << 20;

}  // namespace

struct RocksJournal::State {
  std::filesystem::path folder;
  Options options;
  std::unique_ptr<RocksStore> store;

  std::mutex mutex;
  std::vector<std::function<Result<void>()>> companions;
  Group open;
  std::shared_ptr<const Group> flushing;  // null: none
  std::atomic<uint64_t> written = 0;      // changed under the mutex
  uint64_t durable = 0;
  uint64_t called = 0;  // all callbacks up to this sequence were called
  std::multimap<uint64_t, std::function<void()>> waiting;
  std::optional<Error> failure;
  bool stopping = false;
  std::condition_variable wake_flusher;
  std::condition_variable progress;  // `durable`, `failure` or `stopping` changed
  std::mutex checkpoints;

  BlockingPool readers{"journal-read", 2};
  std::thread flusher;

  void run();
  bool wait_for_group(std::unique_lock<std::mutex>& lock);
  bool flush(std::unique_lock<std::mutex>& lock);
  /// What is kept beside the store comes first: what a group says may rest on it.
  Result<void> flush_beside();
  Result<void> commit(const Group& group);
  void call_back(std::unique_lock<std::mutex>& lock);
  Result<std::optional<Bytes>> read(const std::string& key);
  void tell(std::string text) const {
    if (options.report) {
      options.report(std::move(text));
    }
  }
  /// The value of `key` where it is not on disk yet: none in it for a deleted one. Mutex held.
  [[nodiscard]] const std::optional<Bytes>* find_pending(const std::string& key) const {
    if (auto found = open.changes.find(key); found != open.changes.end()) {
      return &found->second;
    }
    if (flushing) {
      if (auto found = flushing->changes.find(key); found != flushing->changes.end()) {
        return &found->second;
      }
    }
    return nullptr;
  }
};

// ---- the flusher ----------------------------------------------------------------------------------

void RocksJournal::State::run() {
  pthread_setname_np(pthread_self(), "journal-flush");
  std::unique_lock lock(mutex);
  while (wait_for_group(lock)) {
    flushing = std::make_shared<const Group>(std::exchange(open, Group{}));
    if (!flush(lock)) {
      break;
    }
    durable = flushing->last;
    std::shared_ptr<const Group> done = std::exchange(flushing, nullptr);
    progress.notify_all();
    call_back(lock);
    lock.unlock();
    done.reset();  // may take a while
    lock.lock();
  }
}

/// False when there is nothing left to do for ever.
bool RocksJournal::State::wait_for_group(std::unique_lock<std::mutex>& lock) {
  wake_flusher.wait(lock, [this] { return open.last != 0 || stopping; });
  wake_flusher.wait_for(lock, options.linger,
                        [this] { return !waiting.empty() || open.bytes >= large_group || stopping; });
  return open.last != 0;
}

Result<void> RocksJournal::State::flush_beside() {
  std::vector<std::function<Result<void>()>> all;
  {
    std::lock_guard lock(mutex);
    all = companions;
  }
  for (const std::function<Result<void>()>& flush_one : all) {
    if (Result<void> flushed = flush_one(); !flushed) {
      return flushed;
    }
  }
  return {};
}

Result<void> RocksJournal::State::commit(const Group& group) {
  return group.changes.empty() ? Result<void>() : store->commit(group.changes);
}

/// Commits `flushing`, however often that takes. False when it could not before the stop.
bool RocksJournal::State::flush(std::unique_lock<std::mutex>& lock) {
  std::shared_ptr<const Group> group = flushing;
  lock.unlock();
  Result<void> committed = flush_beside();
  if (committed) {
    committed = commit(*group);
  }
  lock.lock();
  if (committed) {
    return true;
  }
  failure = committed.error();
  progress.notify_all();
  lock.unlock();
  tell(fmt::format("{}. Writes are refused until the disk takes them again; what was accepted is kept in memory",
                   committed.error().message));
  lock.lock();
  while (true) {
    wake_flusher.wait_for(lock, options.retry, [this] { return stopping; });
    if (stopping) {
      return false;
    }
    lock.unlock();
    Result<void> again = flush_beside();
    if (again) {
      again = store->reopen(group->bytes);
    }
    if (again) {
      again = commit(*group);
    }
    lock.lock();
    if (again) {
      break;
    }
    failure = again.error();
  }
  failure.reset();
  lock.unlock();
  tell(fmt::format("{} takes writes again; all that was accepted is on disk", folder.string()));
  lock.lock();
  return true;
}

void RocksJournal::State::call_back(std::unique_lock<std::mutex>& lock) {
  while (!waiting.empty() && waiting.begin()->first <= durable) {
    auto first = waiting.extract(waiting.begin());
    lock.unlock();
    first.mapped()();
    first = {};
    lock.lock();
  }
  called = durable;
}

// ---- the journal ----------------------------------------------------------------------------------

Result<std::unique_ptr<RocksJournal>> RocksJournal::open(const std::filesystem::path& home, Options options) {
  std::filesystem::path folder = std::filesystem::absolute(home) / "kernel";
  Result<std::unique_ptr<RocksStore>> store = RocksStore::open(folder);
  if (!store) {
    return std::unexpected(store.error());
  }
  auto state = std::make_unique<State>();
  state->folder = std::move(folder);
  state->options = std::move(options);
  state->store = std::move(*store);
  state->flusher = std::thread([state = state.get()] { state->run(); });
  return std::unique_ptr<RocksJournal>(new RocksJournal(std::move(state)));
}

RocksJournal::RocksJournal(std::unique_ptr<State> state) : state_(std::move(state)) {}

RocksJournal::~RocksJournal() {
  {
    std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->wake_flusher.notify_all();
  state_->progress.notify_all();
  state_->flusher.join();
}

void RocksJournal::also_flush(std::function<Result<void>()> flush) {
  std::lock_guard lock(state_->mutex);
  state_->companions.push_back(std::move(flush));
}

Result<uint64_t> RocksJournal::write(const kernel::Batch& batch) {
  State& state = *state_;
  size_t bytes = 0;
  for (const kernel::Batch::Write& write : batch.writes) {
    bytes += Group::size_of(write.key, write.value);
  }
  bool wake = false;
  uint64_t sequence = 0;
  {
    std::lock_guard lock(state.mutex);
    if (state.failure) {
      return std::unexpected(*state.failure);
    }
    size_t pending = state.open.bytes + (state.flushing ? state.flushing->bytes : 0);
    if (pending + bytes > state.options.pending_bytes) {
      return fail(
          "{} MiB wait for the disk at {}, which is as much as may, and {} MiB more were to be written. Use a "
          "faster disk, or have less state saved at once",
          pending >> 20, state.folder.string(), bytes >> 20);
    }
    for (const kernel::Batch::Write& write : batch.writes) {
      state.open.add(write);
    }
    wake = state.open.last == 0 || state.open.bytes >= large_group;
    sequence = state.written.load(std::memory_order_relaxed) + 1;
    state.open.last = sequence;
    state.written.store(sequence, std::memory_order_release);
  }
  if (wake) {
    state.wake_flusher.notify_one();
  }
  return sequence;
}

uint64_t RocksJournal::written() const { return state_->written.load(std::memory_order_acquire); }

void RocksJournal::when_durable(uint64_t sequence, std::function<void()> done) {
  {
    std::lock_guard lock(state_->mutex);
    if (sequence > state_->called) {
      // Durable but not called yet: those before it are being called just now, and it goes after them.
      state_->waiting.emplace(sequence, std::move(done));
      done = nullptr;
    }
  }
  if (done) {
    done();
  } else {
    state_->wake_flusher.notify_one();
  }
}

Result<std::optional<Bytes>> RocksJournal::State::read(const std::string& key) {
  {
    std::lock_guard lock(mutex);
    if (const std::optional<Bytes>* pending = find_pending(key)) {
      return *pending;
    }
  }
  Result<RocksStore::Read> stored = store->read(key, RocksStore::Effort::disk);
  if (!stored) {
    return std::unexpected(stored.error());
  }
  return std::move(stored->value);
}

Result<std::optional<Bytes>> RocksJournal::read(const std::string& key) { return state_->read(key); }

void RocksJournal::read_async(std::string key, std::function<void(Result<std::optional<Bytes>>)> done) {
  std::optional<std::optional<Bytes>> pending;
  {
    std::lock_guard lock(state_->mutex);
    if (const std::optional<Bytes>* found = state_->find_pending(key)) {
      pending = *found;
    }
  }
  if (pending) {
    done(std::move(*pending));
    return;
  }
  Result<RocksStore::Read> in_memory = state_->store->read(key, RocksStore::Effort::memory_only);
  if (in_memory && !in_memory->needs_disk) {
    done(std::move(in_memory->value));
    return;
  }
  state_->readers.submit(
      [state = state_.get(), key = std::move(key), done = std::move(done)] { done(state->read(key)); });
}

Result<void> RocksJournal::scan(std::string_view prefix,
                                const std::function<Result<void>(std::string_view, Bytes)>& visit) {
  auto take_later = [&](const std::function<void()>& show) {
    RocksStore::Later later;
    auto add = [&](const Changes& changes) {
      for (const auto& [key, value] : changes) {
        if (key.starts_with(prefix)) {
          later.insert_or_assign(key, value);
        }
      }
    };
    std::lock_guard lock(state_->mutex);
    if (state_->flushing) {
      add(state_->flushing->changes);
    }
    add(state_->open.changes);
    show();
    return later;
  };
  return state_->store->scan(prefix, take_later, visit);
}

Result<void> RocksJournal::checkpoint(const std::filesystem::path& target) {
  std::lock_guard one_at_a_time(state_->checkpoints);
  {
    uint64_t sequence = written();
    when_durable(sequence, [] {});  // no lingering
    std::unique_lock lock(state_->mutex);
    state_->progress.wait(lock, [&] { return state_->durable >= sequence || state_->failure || state_->stopping; });
    if (state_->failure) {
      return std::unexpected(*state_->failure);
    }
    if (state_->durable < sequence) {
      return fail("the node stops");
    }
  }
  return state_->store->checkpoint(target);
}

std::filesystem::path RocksJournal::backup_path() const { return state_->folder / "backup"; }

}  // namespace kinode::modules
