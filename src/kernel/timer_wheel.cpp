#include "kernel/timer_wheel.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace kinode::kernel {

uint64_t TimerWheel::tick_of(Instant time) const {
  // Rounded up: a timer never fires early.
  return time <= start_ ? 0
                        : static_cast<uint64_t>(std::chrono::ceil<std::chrono::milliseconds>(time - start_).count());
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

void TimerWheel::schedule(Timer& timer, Instant deadline) { schedule(timer, deadline, /*no_later=*/false); }
void TimerWheel::schedule_no_later(Timer& timer, Instant deadline) { schedule(timer, deadline, /*no_later=*/true); }

void TimerWheel::schedule(Timer& timer, Instant deadline, bool no_later) {
  std::optional<Instant> announce;
  {
    std::scoped_lock lock(mutex_);
    // The slot of the present tick is only looked at by the next `advance`, so nothing goes there.
    uint64_t tick = std::max(tick_of(deadline), elapsed_ + 1);
    if (timer.scheduled_) {
      if (no_later && timer.tick_ <= tick) {
        return;
      }
      remove(timer);
    }
    timer.tick_ = tick;
    timer.order_ = ++orders_;
    insert(timer);
    if (tick < announced_) {
      announced_ = tick;
      announce = start_ + std::chrono::milliseconds(tick);
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

std::optional<TimerWheel::Slot> TimerWheel::next_slot() {
  // Lower levels come first: a slot above stands for a time after all of those below. Within a level
  // the lowest number does, as `advance` empties a slot when its time begins: none stands for the past.
  for (int level = 0; level < levels; ++level) {
    if (uint64_t occupied = wheel_[level].occupied) {
      auto number = static_cast<uint64_t>(std::countr_zero(occupied));
      uint64_t above = (elapsed_ >> ((level + 1) * bits)) << ((level + 1) * bits);
      return Slot{&wheel_[level], number, above | (number << (level * bits))};
    }
  }
  return std::nullopt;
}

std::vector<TimerWheel::Due> TimerWheel::advance(Instant now) {
  struct Fired {
    uint64_t tick;
    uint64_t order;
    Due due;
  };
  std::vector<Fired> fired;
  {
    std::scoped_lock lock(mutex_);
    // Rounded down: what is due now, not what will be within this millisecond.
    uint64_t until = now <= start_ ? 0 : std::chrono::floor<std::chrono::milliseconds>(now - start_).count();
    std::optional<Slot> slot;
    while ((slot = next_slot()) && slot->tick <= until) {
      elapsed_ = slot->tick;
      Timer* timer = std::exchange(slot->level->first[slot->number], nullptr);
      slot->level->occupied &= ~(uint64_t{1} << slot->number);
      while (timer != nullptr) {
        Timer* next = timer->next_;
        timer->scheduled_ = false;
        if (timer->tick_ > elapsed_) {
          insert(*timer);
        } else if (std::shared_ptr<ProcessEntry> owner = timer->owner.lock()) {
          fired.push_back({timer->tick_, timer->order_, {std::move(owner), timer->purpose, timer->id}});
        }
        timer = next;
      }
    }
    elapsed_ = std::max(elapsed_, until);
    announced_ = slot ? slot->tick : UINT64_MAX;
  }
  std::ranges::sort(fired, {}, [](const Fired& one) { return std::pair(one.tick, one.order); });
  std::vector<Due> due;
  due.reserve(fired.size());
  for (Fired& one : fired) {
    due.push_back(std::move(one.due));
  }
  return due;
}

std::optional<Instant> TimerWheel::next_deadline() {
  std::scoped_lock lock(mutex_);
  std::optional<Slot> slot = next_slot();
  announced_ = slot ? slot->tick : UINT64_MAX;
  return slot ? std::optional(start_ + std::chrono::milliseconds(slot->tick)) : std::nullopt;
}

}  // namespace kinode::kernel
