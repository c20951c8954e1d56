#include "modules/http_client/idle_connections.h"

#include <algorithm>
#include <utility>

namespace kinode::modules::http_client {

std::shared_ptr<Connection> IdleConnections::take(const Caller& caller, const std::string& origin) {
  // The newest first: it is the least likely to be closed by its server right now.
  for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry) {
    if (entry->caller == caller && entry->origin == origin) {
      std::shared_ptr<Connection> connection = std::move(entry->connection);
      entries_.erase(std::next(entry).base());
      return connection->is_quiet() ? std::move(connection) : take(caller, origin);
    }
  }
  return nullptr;
}

void IdleConnections::put(Caller caller, std::string origin, std::shared_ptr<Connection> connection) {
  if (closed_ || settings_.idle_of_one == 0) {
    return;
  }
  const auto is_of_owner = [&](const Entry& entry) { return entry.caller.owner == caller.owner; };
  if (std::cmp_greater_equal(std::ranges::count_if(entries_, is_of_owner), settings_.idle_of_one)) {
    entries_.erase(std::ranges::find_if(entries_, is_of_owner));
  } else if (entries_.size() >= settings_.idle_of_thread) {
    entries_.erase(entries_.begin());
  }
  connection->stream.tcp().expires_never();
  entries_.push_back({std::move(caller), std::move(origin), std::move(connection),
                      std::chrono::steady_clock::now() + settings_.idle_time});
  sweep();
}

void IdleConnections::close_of(const std::string& owner) {
  std::erase_if(entries_, [&](const Entry& entry) { return entry.caller.owner == owner; });
}

void IdleConnections::close_all() {
  closed_ = true;
  entries_.clear();
  timer_.cancel();
}

void IdleConnections::sweep() {
  if (sweeping_ || entries_.empty()) {
    return;
  }
  sweeping_ = true;
  timer_.expires_at(entries_.front().until);
  timer_.async_wait([this](const boost::system::error_code& error) {
    sweeping_ = false;
    if (error) {
      return;
    }
    const auto now = std::chrono::steady_clock::now();
    std::erase_if(entries_, [&](const Entry& entry) { return entry.until <= now; });
    sweep();
  });
}

}  // namespace kinode::modules::http_client
