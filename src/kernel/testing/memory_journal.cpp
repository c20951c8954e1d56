#include "kernel/testing/memory_journal.h"

#include <vector>

namespace kinode::kernel::testing {

void MemoryJournal::apply(Content& content, const Batch& batch) {
  for (const Batch::Write& write : batch.writes) {
    if (write.value) {
      content.insert_or_assign(write.key, *write.value);
    } else {
      content.erase(write.key);
    }
  }
}

Result<uint64_t> MemoryJournal::write(const Batch& batch) {
  uint64_t sequence = 0;
  bool flush_now = false;
  {
    std::lock_guard lock(mutex_);
    if (failure_) {
      return std::unexpected(*failure_);
    }
    apply(visible_, batch);
    unflushed_.push_back(batch);
    sequence = ++written_;
    flush_now = flush_always_;
  }
  if (flush_now) {
    flush();
  }
  return sequence;
}

uint64_t MemoryJournal::written() const {
  std::lock_guard lock(mutex_);
  return written_;
}

void MemoryJournal::when_durable(uint64_t sequence, std::function<void()> done) {
  {
    std::lock_guard lock(mutex_);
    if (sequence > durable_) {
      waiting_.emplace(sequence, std::move(done));
      return;
    }
  }
  done();
}

Result<std::optional<Bytes>> MemoryJournal::read(const std::string& key) {
  std::lock_guard lock(mutex_);
  if (failure_) {
    return std::unexpected(*failure_);
  }
  auto found = visible_.find(key);
  return found == visible_.end() ? std::nullopt : std::optional(found->second);
}

void MemoryJournal::read_async(std::string key, std::function<void(Result<std::optional<Bytes>>)> done) {
  {
    std::lock_guard lock(mutex_);
    if (hold_reads_) {
      held_.push_back({std::move(key), std::move(done)});
      return;
    }
  }
  done(read(key));
}

Result<void> MemoryJournal::scan(std::string_view prefix,
                                 const std::function<Result<void>(std::string_view, Bytes)>& visit) {
  Content now;
  {
    std::lock_guard lock(mutex_);
    if (failure_) {
      return std::unexpected(*failure_);
    }
    now = visible_;
  }
  for (auto place = now.lower_bound(prefix); place != now.end() && place->first.starts_with(prefix); ++place) {
    if (Result<void> visited = visit(place->first, place->second); !visited) {
      return visited;
    }
  }
  return {};
}

void MemoryJournal::flush(uint64_t sequence) {
  std::vector<std::function<void()>> done;
  {
    std::lock_guard lock(mutex_);
    while (!failure_ && !unflushed_.empty() && durable_ < sequence) {
      apply(disk_, unflushed_.front());
      unflushed_.pop_front();
      ++durable_;
    }
    while (!waiting_.empty() && waiting_.begin()->first <= durable_) {
      done.push_back(std::move(waiting_.begin()->second));
      waiting_.erase(waiting_.begin());
    }
  }
  for (const auto& call : done) {
    call();
  }
}

void MemoryJournal::flush_always() {
  {
    std::lock_guard lock(mutex_);
    flush_always_ = true;
  }
  flush();
}

uint64_t MemoryJournal::durable() const {
  std::lock_guard lock(mutex_);
  return durable_;
}

std::unique_ptr<MemoryJournal> MemoryJournal::after_crash(uint64_t also_kept) const {
  std::lock_guard lock(mutex_);
  Content left = disk_;
  uint64_t sequence = durable_;
  for (const Batch& batch : unflushed_) {
    if (sequence >= also_kept) {
      break;
    }
    apply(left, batch);
    ++sequence;
  }
  return std::make_unique<MemoryJournal>(std::move(left));
}

void MemoryJournal::fail(Error error) {
  std::lock_guard lock(mutex_);
  failure_ = std::move(error);
}

void MemoryJournal::recover() {
  bool flush_now = false;
  {
    std::lock_guard lock(mutex_);
    failure_.reset();
    flush_now = flush_always_;
  }
  if (flush_now) {
    flush();
  }
}

void MemoryJournal::hold_reads() {
  std::lock_guard lock(mutex_);
  hold_reads_ = true;
}

size_t MemoryJournal::answer_reads() {
  std::deque<HeldRead> held;
  {
    std::lock_guard lock(mutex_);
    held.swap(held_);
  }
  for (HeldRead& one : held) {
    one.done(read(one.key));
  }
  return held.size();
}

MemoryJournal::Content MemoryJournal::content() const {
  std::lock_guard lock(mutex_);
  return visible_;
}

}  // namespace kinode::kernel::testing
