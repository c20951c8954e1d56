#include "backup/remote_worker.h"

#include <algorithm>

namespace kinode::backup {
namespace {

constexpr size_t most_waiting = 64;
constexpr size_t most_done = 64;
constexpr std::chrono::seconds longest_retry = std::chrono::hours(1);

const char* name_of(const RemoteWorker::Task& task) {
  struct Names {
    const char* operator()(const RemoteWorker::Backup& /*task*/) const { return "backup"; }
    const char* operator()(const RemoteWorker::Verify& /*task*/) const { return "verify"; }
    const char* operator()(const RemoteWorker::Forget& /*task*/) const { return "forget"; }
  };
  return std::visit(Names{}, task);
}

}  // namespace

RemoteWorker::RemoteWorker(const Node& node, Settings settings, Remote remote, std::function<void()> on_change)
    : node_(node),
      remote_(std::move(remote)),
      on_change_(std::move(on_change)),
      settings_(std::move(settings)),
      status_(read_status(node.home, remote_.name)) {
  if (!status_.next_try && settings_.every) {
    status_.next_try = status_.last ? status_.last->time + *settings_.every : utc_now();
  }
  if (status_.last && !status_.last_error) {
    parent_ = status_.last->snapshot;
  }
  thread_ = std::thread([this] { run(); });
}

RemoteWorker::~RemoteWorker() {
  request_stop();
  thread_.join();
}

void RemoteWorker::request_stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_.request_stop();
  }
  changed_.notify_all();
}

Result<uint64_t> RemoteWorker::ask(Task task) {
  uint64_t ticket = 0;
  {
    const std::lock_guard lock(mutex_);
    if (asked_.size() >= most_waiting) {
      return fail("{} commands wait for the remote {} already: try again later", most_waiting, remote_.name);
    }
    ticket = ++tickets_;
    if (std::holds_alternative<Backup>(task) && !status_.pending_since) {
      status_.pending_since = utc_now();
    }
    asked_.push_back({std::move(task), ticket, SystemClock().now()});
  }
  changed_.notify_all();
  return ticket;
}

RemoteStatus RemoteWorker::status() const {
  const std::lock_guard lock(mutex_);
  RemoteStatus status = status_;
  if (!status.pending_since && status.next_try && *status.next_try <= utc_now()) {
    status.pending_since = status.next_try;
  }
  return status;
}

void RemoteWorker::change(Settings settings) {
  {
    const std::lock_guard lock(mutex_);
    settings_ = std::move(settings);
    if (status_.failures == 0 && (status_.last || !settings_.every)) {
      plan_next(true);
    } else if (!status_.next_try) {
      status_.next_try = utc_now();  // there is none yet
    }
  }
  changed_.notify_all();
}

void RemoteWorker::update(const std::function<void(RemoteStatus&)>& change) {
  {
    const std::lock_guard lock(mutex_);
    change(status_);
  }
  on_change_();
}

void RemoteWorker::run() {
  std::unique_lock lock(mutex_);
  while (std::optional<Asked> asked = next(lock)) {
    status_.activity = name_of(asked->task);
    status_.percent = 0;
    const Settings settings = settings_;
    lock.unlock();
    on_change_();
    const Result<void> result = carry_out(*asked, settings);
    if (!stop_.stop_requested()) {
      note_end(*asked, result);
      keep();
    }
    update([](RemoteStatus& status) { status.activity.clear(); });
    lock.lock();
  }
}

void RemoteWorker::replan_after_clock(Time now) {
  const std::chrono::seconds longest = std::max(settings_.every.value_or(longest_retry), longest_retry * 3 / 2);
  if (status_.next_try && *status_.next_try > now + longest) {
    status_.next_try = now;
  }
}

std::optional<Time> RemoteWorker::verify_due(Time now) const {
  // After the first backup, and not while backups fail: they say what is wrong.
  if (!settings_.verify_every || !status_.last || status_.failures > 0) {
    return std::nullopt;
  }
  const Time before = status_.verified ? status_.verified->time : status_.last->time;
  return before > now ? now : before + *settings_.verify_every;  // the clock may have been set back
}

std::optional<RemoteWorker::Asked> RemoteWorker::next(std::unique_lock<std::mutex>& lock) {
  while (!stop_.stop_requested()) {
    if (!asked_.empty()) {
      Asked first = std::move(asked_.front());
      asked_.pop_front();
      return first;
    }
    const Time now = utc_now();
    replan_after_clock(now);
    if (status_.next_try && *status_.next_try <= now) {
      if (!status_.pending_since) {
        status_.pending_since = status_.next_try;
      }
      return Asked{Backup{}, 0, SystemClock().now()};
    }
    const std::optional<Time> verify = verify_due(now);
    if (verify && *verify <= now) {
      return Asked{Verify{settings_.verify_percent}, 0, SystemClock().now()};
    }
    if (!status_.next_try && !verify) {
      changed_.wait(lock);
    } else {
      // By the calendar's clock, which may be set: looked at each minute at the latest.
      const Time due = std::min(status_.next_try.value_or(Time::max()), verify.value_or(Time::max()));
      changed_.wait_until(lock, std::min(due, now + std::chrono::minutes(1)));
    }
  }
  return std::nullopt;
}

Result<void> RemoteWorker::carry_out(const Asked& asked, const Settings& settings) {
  if (std::holds_alternative<Backup>(asked.task)) {
    return back_up(asked.at, settings);
  }
  RemoteWork work(remote_, node_.password, node_.name, node_.home, [this](const auto& change) { update(change); });
  if (const auto* verify = std::get_if<Verify>(&asked.task)) {
    return work.verify(verify->percent, stop_.get_token());
  }
  const std::optional<std::string>& snapshot = std::get<Forget>(asked.task).snapshot;
  return snapshot ? work.forget_snapshot(*snapshot, stop_.get_token())
                  : work.forget(settings.retention, true, stop_.get_token());
}

Result<void> RemoteWorker::back_up(Instant since, const Settings& settings) {
  RemoteWork work(remote_, node_.password, node_.name, node_.home, [this](const auto& change) { update(change); });
  {
    Result<Tree> tree = node_.take_snapshot(since, stop_.get_token());
    if (!tree) {
      return std::unexpected(tree.error());
    }
    if (Result<void> stored = work.back_up(*tree, parent_, stop_.get_token()); !stored) {
      return stored;
    }
  }
  return work.forget(settings.retention, false, stop_.get_token());
}

void RemoteWorker::note_end(const Asked& asked, const Result<void>& result) {
  std::string line;
  {
    const std::lock_guard lock(mutex_);
    const bool is_backup = std::holds_alternative<Backup>(asked.task);
    if (asked.ticket != 0) {
      status_.done.push_back({asked.ticket, result ? std::nullopt : std::optional(result.error().message)});
      if (status_.done.size() > most_done) {
        status_.done.pop_front();
      }
    }
    if (!result) {
      line = fmt::format("{} to {}: {}", name_of(asked.task), remote_.name, result.error().message);
      if (status_.last_error && status_.last_error->text == result.error().message) {
        line.clear();  // said before
      }
      status_.last_error = RemoteStatus::Failed{result.error().message, utc_now()};
      parent_.reset();
    } else if (is_backup) {
      if (status_.failures > 0) {
        line = fmt::format("backup to {}: it works again", remote_.name);
      }
      status_.last_error.reset();
      status_.pending_since.reset();
      parent_ = status_.last->snapshot;
    } else if (std::holds_alternative<Forget>(asked.task)) {
      parent_.reset();  // it may be the one
    }
    if (is_backup) {
      status_.failures = result ? 0 : status_.failures + 1;
      plan_next(result.has_value());
    }
  }
  if (!line.empty()) {
    node_.report(line);
  }
}

void RemoteWorker::plan_next(bool succeeded) {
  if (succeeded) {
    status_.next_try = settings_.every
                           ? std::optional((status_.last ? status_.last->time : utc_now()) + *settings_.every)
                           : std::nullopt;
    return;
  }
  constexpr uint32_t most_doublings = 16;
  const int64_t wait =
      std::min(settings_.retry.count() << std::min(status_.failures - 1, most_doublings), longest_retry.count());
  const int64_t more = static_cast<int64_t>(node_.random.next() % static_cast<uint64_t>(wait / 2 + 1));
  status_.next_try = utc_now() + std::chrono::seconds(wait + more);
}

void RemoteWorker::keep() {
  if (Result<void> written = write_status(node_.home, remote_.name, status()); !written) {
    node_.report(written.error().at(fmt::format("backup to {}", remote_.name)).message);
  }
}

}  // namespace kinode::backup
