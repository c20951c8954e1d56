#include "modules/timer/timers.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace kinode::modules {
namespace {

/// The last millisecond that an Instant can name.
constexpr int64_t never = std::chrono::floor<std::chrono::milliseconds>(Instant::max().time_since_epoch()).count();

Instant instant_of(int64_t millisecond) { return Instant(std::chrono::milliseconds(millisecond)); }

int64_t due_at(Instant now, uint64_t milliseconds) {
  int64_t begin = std::chrono::ceil<std::chrono::milliseconds>(now.time_since_epoch()).count();
  if (begin >= never || milliseconds > static_cast<uint64_t>(never - begin)) {
    return never;
  }
  return begin + static_cast<int64_t>(milliseconds);
}

}  // namespace

Timers::Added Timers::add(const ProcessId& owner, Instant now, uint64_t milliseconds, std::function<void()> fire) {
  int64_t due = due_at(now, milliseconds);
  {
    std::lock_guard lock(mutex_);
    if (size_ >= max_of_all) {
      return Added::too_many_of_all;
    }
    size_t& count = count_of_[owner];
    if (count >= max_of_one) {
      return Added::too_many_of_one;
    }
    ++count;
    ++size_;
    bool is_earliest = by_millisecond_.empty() || due < by_millisecond_.begin()->first;
    by_millisecond_[due].push_back({owner, std::move(fire)});
    if (!is_earliest) {
      return Added::added;
    }
  }
  if (notify_) {
    notify_(instant_of(due));
  }
  return Added::added;
}

size_t Timers::remove_if(const std::function<bool(const ProcessId&)>& is_gone) {
  std::vector<ProcessId> owners;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [owner, count] : count_of_) {
      owners.push_back(owner);
    }
  }
  std::erase_if(owners, [&](const ProcessId& owner) { return !is_gone(owner); });
  std::ranges::sort(owners);
  std::vector<Timer> removed;  // destroyed without the lock
  std::lock_guard lock(mutex_);
  for (auto place = by_millisecond_.begin(); place != by_millisecond_.end();) {
    std::vector<Timer>& timers = place->second;
    auto gone = std::ranges::stable_partition(
        timers, [&](const Timer& timer) { return !std::ranges::binary_search(owners, timer.owner); });
    for (Timer& timer : gone) {
      forget_one_of(timer.owner);
      removed.push_back(std::move(timer));
    }
    timers.erase(gone.begin(), gone.end());
    place = timers.empty() ? by_millisecond_.erase(place) : std::next(place);
  }
  return removed.size();
}

void Timers::clear() {
  std::map<int64_t, std::vector<Timer>> removed;
  std::lock_guard lock(mutex_);
  removed.swap(by_millisecond_);
  count_of_.clear();
  size_ = 0;
}

void Timers::advance(Instant now) {
  std::vector<Timer> due;
  {
    int64_t passed = std::chrono::floor<std::chrono::milliseconds>(now.time_since_epoch()).count();
    std::lock_guard lock(mutex_);
    while (!by_millisecond_.empty() && by_millisecond_.begin()->first <= passed &&
           by_millisecond_.begin()->first < never) {
      for (Timer& timer : by_millisecond_.begin()->second) {
        forget_one_of(timer.owner);
        due.push_back(std::move(timer));
      }
      by_millisecond_.erase(by_millisecond_.begin());
    }
  }
  for (const Timer& timer : due) {
    timer.fire();
  }
}

std::optional<Instant> Timers::next_deadline() const {
  std::lock_guard lock(mutex_);
  if (by_millisecond_.empty()) {
    return std::nullopt;
  }
  return instant_of(by_millisecond_.begin()->first);
}

size_t Timers::size() const {
  std::lock_guard lock(mutex_);
  return size_;
}

std::vector<std::pair<Instant, ProcessId>> Timers::list(size_t at_most) const {
  std::vector<std::pair<Instant, ProcessId>> listed;
  std::lock_guard lock(mutex_);
  for (const auto& [millisecond, timers] : by_millisecond_) {
    for (const Timer& timer : timers) {
      if (listed.size() == at_most) {
        return listed;
      }
      listed.emplace_back(instant_of(millisecond), timer.owner);
    }
  }
  return listed;
}

void Timers::forget_one_of(const ProcessId& owner) {
  --size_;
  auto count = count_of_.find(owner);
  if (--count->second == 0) {
    count_of_.erase(count);
  }
}

}  // namespace kinode::modules
