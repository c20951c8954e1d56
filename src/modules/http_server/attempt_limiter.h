// AttemptLimiter: how often something may be tried, by each address and by all together. Each has so many tries at
// once, and gets one back in each interval.
//
// Addresses of this machine do not count among all: a crowd of strangers does not lock the owner out there.
// Any thread.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <cstddef>
#include <map>
#include <mutex>

#include "base/clock.h"

namespace kinode::modules {

class AttemptLimiter {
 public:
  struct Limits {
    size_t of_address = 5;
    size_t of_all = 50;
    std::chrono::nanoseconds interval = std::chrono::seconds(10);
    /// Addresses remembered at a time; with more, those seen longest ago are forgotten.
    size_t addresses = 4'096;
  };

  AttemptLimiter(const Clock& clock, Limits limits) : clock_(clock), limits_(limits) {}

  /// Takes one try. False, and none is taken, where there is none left.
  bool take(const boost::asio::ip::address& address);
  /// The address has all its tries again: it proved itself.
  void forgive(const boost::asio::ip::address& address);

 private:
  /// When the last of the tries taken is back: the later, the more are taken.
  using Until = Instant;
  bool may_take(Until until, size_t limit, std::chrono::nanoseconds interval, Instant now) const;
  void make_room(Instant now);

  const Clock& clock_;
  const Limits limits_;
  std::mutex mutex_;
  std::map<boost::asio::ip::address, Until> of_address_;
  Until of_all_{};
};

}  // namespace kinode::modules
