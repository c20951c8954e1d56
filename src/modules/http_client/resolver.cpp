#include "modules/http_client/resolver.h"

#include <netdb.h>
#include <pthread.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <utility>

namespace kinode::modules::http_client {
namespace {

struct Job {
  std::string owner;
  std::string host;
  std::weak_ptr<void> wanted;
  Resolver::Done done;
};

Result<Addresses> look_up(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* first = nullptr;
  if (const int error = getaddrinfo(host.c_str(), nullptr, &hints, &first); error != 0) {
    return fail("the name {} has no address: {}", host, gai_strerror(error));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> list(first, &freeaddrinfo);
  Addresses addresses;
  for (const addrinfo* entry = first; entry != nullptr; entry = entry->ai_next) {
    boost::asio::ip::tcp::endpoint endpoint;
    if (entry->ai_addrlen <= endpoint.capacity()) {
      std::memcpy(endpoint.data(), entry->ai_addr, entry->ai_addrlen);
      addresses.push_back(endpoint.address());
    }
  }
  return addresses;
}

}  // namespace

struct Resolver::State : std::enable_shared_from_this<State> {
  void run();
  /// With the lock held: the oldest that is wanted and whose owner has a thread left.
  std::optional<Job> next();

  std::mutex mutex;
  std::condition_variable changed;
  bool stopped = false;
  std::deque<Job> jobs;
  size_t threads = 0;
  size_t idle = 0;
  std::unordered_map<std::string, size_t> threads_of;
};

std::optional<Job> Resolver::State::next() {
  std::erase_if(jobs, [](const Job& job) { return job.wanted.expired(); });
  const auto found = std::ranges::find_if(jobs, [&](const Job& job) {
    const auto running = threads_of.find(job.owner);
    return running == threads_of.end() || running->second < threads_of_one;
  });
  if (found == jobs.end()) {
    return std::nullopt;
  }
  Job job = std::move(*found);
  jobs.erase(found);
  return job;
}

void Resolver::State::run() {
  ::pthread_setname_np(::pthread_self(), "resolve");
  std::unique_lock lock(mutex);
  while (!stopped) {
    std::optional<Job> job = next();
    if (!job) {
      ++idle;
      changed.wait(lock);
      --idle;
      continue;
    }
    ++threads_of[job->owner];
    lock.unlock();
    Result<Addresses> addresses = look_up(job->host);
    lock.lock();
    if (--threads_of[job->owner] == 0) {
      threads_of.erase(job->owner);
    }
    changed.notify_one();  // one more of this owner may begin
    if (!stopped && !job->wanted.expired()) {
      lock.unlock();
      job->done(std::move(addresses));
      job.reset();
      lock.lock();
    }
  }
}

Resolver::Resolver() : state_(std::make_shared<State>()) {}

Resolver::~Resolver() { stop(); }

void Resolver::resolve(const std::string& owner, const std::string& host, const std::weak_ptr<void>& wanted,
                       Done done) {
  const std::lock_guard lock(state_->mutex);
  if (state_->stopped) {
    return;
  }
  state_->jobs.push_back({owner, host, wanted, std::move(done)});
  state_->changed.notify_one();
  if (state_->jobs.size() <= state_->idle || state_->threads == max_threads) {
    return;
  }
  try {
    std::thread([state = state_] { state->run(); }).detach();
    ++state_->threads;
  } catch (const std::system_error&) {
    // No room for a thread: those that are there see to it, or else its time runs out.
  }
}

void Resolver::stop() {
  const std::lock_guard lock(state_->mutex);
  state_->stopped = true;
  state_->jobs.clear();
  state_->changed.notify_all();
}

}  // namespace kinode::modules::http_client
