#include "backup/backups.h"

namespace kinode::backup {
namespace {

constexpr size_t most_waiting = 64;
constexpr size_t most_lists = 64;

}  // namespace

Backups::Backups(const RemoteWorker::Node& node) : node_(node) {
  [[maybe_unused]] const Result<void> reported = read();
}

Backups::~Backups() {
  request_stop();
  Workers workers;
  {
    const std::lock_guard lock(mutex_);
    workers.swap(workers_);
  }
  workers.clear();
  note_change();
}

void Backups::request_stop() {
  stop_.request_stop();
  const std::lock_guard lock(mutex_);
  for (const auto& [name, worker] : workers_) {
    worker->request_stop();
  }
}

nlohmann::ordered_json Backups::status() const {
  using Json = nlohmann::ordered_json;
  uint64_t version = 0;
  {
    const std::lock_guard lock(version_mutex_);
    version = version_;  // before all else: what changes meanwhile is a change since
  }
  const std::lock_guard lock(mutex_);
  Json remotes = Json::object();
  for (const auto& [name, worker] : workers_) {
    Json remote{{"url", restic::shown_url(worker->remote().repository.url)}};
    remote.update(to_json(worker->status()));
    remotes[name] = std::move(remote);
  }
  return {{"error", error_ ? Json(*error_) : Json(nullptr)}, {"version", version}, {"remotes", std::move(remotes)}};
}

void Backups::when_changed(uint64_t version, std::function<void()> done) {
  {
    const std::lock_guard lock(version_mutex_);
    if (version == version_) {
      waiting_.push_back(std::move(done));
      if (waiting_.size() <= most_waiting) {
        return;
      }
      done = std::move(waiting_.front());
      waiting_.pop_front();
    }
  }
  done();
}

void Backups::note_change() {
  std::deque<std::function<void()>> told;
  {
    const std::lock_guard lock(version_mutex_);
    ++version_;
    told.swap(waiting_);
  }
  for (const std::function<void()>& done : told) {
    done();
  }
}

Result<Backups::Tickets> Backups::ask(const std::optional<std::string>& remote, const RemoteWorker::Task& task) {
  std::unique_lock lock(mutex_);
  if (remote && !workers_.contains(*remote)) {
    return fail("there is no remote `{}`: `kinode backup status` shows which there are", *remote);
  }
  if (workers_.empty()) {
    return fail("there is no remote: add one with `kinode backup add`");
  }
  Tickets tickets;
  for (const auto& [name, worker] : workers_) {
    if (remote && name != *remote) {
      continue;
    }
    Result<uint64_t> ticket = worker->ask(task);
    if (!ticket) {
      return std::unexpected(ticket.error());
    }
    tickets[name] = *ticket;
  }
  lock.unlock();
  note_change();
  return tickets;
}

void Backups::list(const std::string& remote, std::function<void(Result<std::vector<restic::Snapshot>>)> done) {
  std::shared_ptr<RemoteWorker> worker;
  bool has_room = false;
  {
    const std::lock_guard lock(mutex_);
    if (auto found = workers_.find(remote); found != workers_.end()) {
      worker = found->second;
      has_room = lists_ < most_lists;
      lists_ += has_room ? 1 : 0;
    }
  }
  if (!worker) {
    return done(fail("there is no remote `{}`: `kinode backup status` shows which there are", remote));
  }
  if (!has_room) {
    return done(fail("{} lists are asked for already: try again later", most_lists));
  }
  listing_.submit([this, remote = worker->remote(), done = std::move(done)] {
    done(RemoteWork(remote, node_.password, node_.name, node_.home, [](const auto& /*nothing changes*/) {
         }).snapshots(stop_.get_token()));
    const std::lock_guard lock(mutex_);
    --lists_;
  });
}

void Backups::reload(std::function<void(Result<void>)> done) {
  reading_.submit([this, done = std::move(done)] { done(read()); });
}

Result<void> Backups::read() {
  Result<Settings> settings = read_settings(node_.home);
  {
    const std::lock_guard lock(mutex_);
    error_ = settings ? std::nullopt : std::optional(settings.error().message);
  }
  if (!settings) {
    node_.report(fmt::format("backups go on as before: {}", settings.error().message));
    note_change();
    return std::unexpected(settings.error());
  }
  start_and_end(*settings);
  note_change();
  return {};
}

void Backups::start_and_end(const Settings& settings) {
  Workers ended;  // without the lock: it waits for them
  {
    const std::lock_guard lock(mutex_);
    for (auto each = workers_.begin(); each != workers_.end();) {
      const Remote* wanted = settings.find(each->first);
      if (wanted != nullptr && *wanted == each->second->remote()) {
        each->second->change(settings);
        ++each;
      } else {
        each->second->request_stop();
        ended.insert(workers_.extract(each++));
      }
    }
  }
  ended.clear();
  const std::lock_guard lock(mutex_);
  for (const Remote& remote : settings.remotes) {
    if (!stop_.stop_requested() && !workers_.contains(remote.name)) {
      workers_[remote.name] = std::make_shared<RemoteWorker>(node_, settings, remote, [this] { note_change(); });
    }
  }
}

}  // namespace kinode::backup
