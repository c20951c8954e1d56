#include "modules/http_server/attempt_limiter.h"

#include <algorithm>

namespace kinode::modules {

bool AttemptLimiter::may_take(Until until, size_t limit, std::chrono::nanoseconds interval, Instant now) const {
  return std::max(until, now) + interval <= now + interval * static_cast<int64_t>(limit);
}

bool AttemptLimiter::take(const boost::asio::ip::address& address) {
  const Instant now = clock_.now();
  const std::chrono::nanoseconds all_interval =
      limits_.interval * static_cast<int64_t>(limits_.of_address) / static_cast<int64_t>(limits_.of_all);
  const bool counts_among_all = !address.is_loopback();
  std::lock_guard lock(mutex_);
  if (counts_among_all && !may_take(of_all_, limits_.of_all, all_interval, now)) {
    return false;
  }
  make_room(now);
  Until& until = of_address_[address];
  if (!may_take(until, limits_.of_address, limits_.interval, now)) {
    return false;
  }
  until = std::max(until, now) + limits_.interval;
  if (counts_among_all) {
    of_all_ = std::max(of_all_, now) + all_interval;
  }
  return true;
}

void AttemptLimiter::forgive(const boost::asio::ip::address& address) {
  std::lock_guard lock(mutex_);
  of_address_.erase(address);
}

void AttemptLimiter::make_room(Instant now) {
  if (of_address_.size() < limits_.addresses) {
    return;
  }
  std::erase_if(of_address_, [&](const auto& entry) { return entry.second <= now; });
  if (of_address_.size() >= limits_.addresses) {
    of_address_.erase(std::ranges::min_element(of_address_, {}, [](const auto& entry) { return entry.second; }));
  }
}

}  // namespace kinode::modules
