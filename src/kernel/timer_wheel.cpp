#include "kernel/timer_wheel.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace kinode::kernel {
namespace {

constexpr uint64_t farthest = (uint64_t{1} << 36) - 1;  // what six levels of six bits can tell apart

}  // namespace

uint64_t TimerWheel::tick_of(Instant time) const {
  if (time <= start_) {
    return 0;
  }
  // Rounded up: a timer never fires early.
  auto since = time - start_ + (std::chrono::milliseconds(1) - std::chrono::nanoseconds(1));
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(since).count());
}

int TimerWheel::level_of(uint64_t elapsed, uint64_t tick) {
  uint64_t differing = (elapsed ^ tick) | (slots - 1);
  return (63 - std::countl_zero(differing)) / bits;
}

void TimerWheel::insert(Timer& timer) {
  int level = level_of(elapsed_, timer.tick_);
  uint64_t slot = (timer.tick_ >> (level * bits)) & (slots - 1);
  Timer*& first = wheel_[level].first[slot];
  timer.previous_ = nullptr;
  timer.next_ = first;
  if (first != nullptr) {
    first->previous_ = &timer;
  }
  first = &timer;
  wheel_[level].occupied |= uint64_t{1} << slot;
  timer.scheduled_ = true;
}

void TimerWheel::remove(Timer& timer) {
  if (timer.previous_ != nullptr) {
    timer.previous_->next_ = timer.next_;
  } else {
    int level = level_of(elapsed_, timer.tick_);
    uint64_t slot = (timer.tick_ >> (level * bits)) & (slots - 1);
    wheel_[level].first[slot] = timer.next_;
    if (timer.next_ == nullptr) {
      wheel_[level].occupied &= ~(uint64_t{1} << slot);
    }
  }
  if (timer.next_ != nullptr) {
    timer.next_->previous_ = timer.previous_;
  }
  timer.scheduled_ = false;
}

void TimerWheel::schedule(Timer& timer, Instant deadline) {
  std::optional<Instant> announce;
  {
    std::scoped_lock lock(mutex_);
    if (timer.scheduled_) {
      remove(timer);
    }
    // The slot of the present tick is only looked at by the next `advance`, so nothing goes there.
    timer.tick_ = std::clamp(tick_of(deadline), elapsed_ + 1, elapsed_ | farthest);
    insert(timer);
    if (timer.tick_ < announced_) {
      announced_ = timer.tick_;
      announce = start_ + std::chrono::milliseconds(timer.tick_);
    }
  }
  if (announce && notify_) {
    notify_(*announce);
  }
}

void TimerWheel::cancel(Timer& timer) {
  std::scoped_lock lock(mutex_);
  if (timer.scheduled_) {
    remove(timer);
  }
}

std::optional<std::pair<int, uint64_t>> TimerWheel::next_slot(uint64_t* tick) const {
  // Lower levels come first: a slot above stands for a time after all of those below.
  for (int level = 0; level < levels; ++level) {
    uint64_t occupied = wheel_[level].occupied;
    if (occupied == 0) {
      continue;
    }
    uint64_t here = (elapsed_ >> (level * bits)) & (slots - 1);
    uint64_t rotated = std::rotr(occupied, static_cast<int>(here));
    uint64_t slot = (here + static_cast<uint64_t>(std::countr_zero(rotated))) & (slots - 1);
    uint64_t above = level + 1 == levels ? 0 : (elapsed_ >> ((level + 1) * bits)) << ((level + 1) * bits);
    *tick = above | (slot << (level * bits));
    return std::pair(level, slot);
  }
  return std::nullopt;
}

std::vector<TimerWheel::Due> TimerWheel::advance(Instant now) {
  std::vector<std::pair<uint64_t, Due>> due;
  {
    std::scoped_lock lock(mutex_);
    // Rounded down: what is due now, not what will be within this millisecond.
    uint64_t until = now <= start_ ? 0 : std::chrono::duration_cast<std::chrono::milliseconds>(now - start_).count();
    uint64_t tick = 0;
    while (auto slot = next_slot(&tick)) {
      if (tick > until) {
        break;
      }
      elapsed_ = std::max(elapsed_, tick);
      Level& level = wheel_[slot->first];
      Timer* timer = std::exchange(level.first[slot->second], nullptr);
      level.occupied &= ~(uint64_t{1} << slot->second);
      while (timer != nullptr) {
        Timer* next = timer->next_;
        timer->scheduled_ = false;
        if (timer->tick_ > elapsed_) {
          insert(*timer);
        } else if (std::shared_ptr<ProcessEntry> owner = timer->owner.lock()) {
          due.emplace_back(timer->tick_, Due{std::move(owner), timer->purpose, timer->id});
        }
        timer = next;
      }
    }
    elapsed_ = std::max(elapsed_, until);
    announced_ = UINT64_MAX;
    if (auto slot = next_slot(&tick)) {
      announced_ = tick;
    }
  }
  std::ranges::stable_sort(due, {}, [](const auto& pair) { return pair.first; });
  std::vector<Due> result;
  result.reserve(due.size());
  for (auto& [tick, entry] : due) {
    result.push_back(std::move(entry));
  }
  return result;
}

std::optional<Instant> TimerWheel::next_deadline() const {
  std::scoped_lock lock(mutex_);
  uint64_t tick = 0;
  if (!next_slot(&tick)) {
    return std::nullopt;
  }
  return start_ + std::chrono::milliseconds(tick);
}

}  // namespace kinode::kernel
