#include "backup_tool/commands.h"

#include <unistd.h>

#include <functional>
#include <mutex>
#include <ostream>
#include <thread>

#include "backup/remote_work.h"
#include "backup_tool/running_node.h"
#include "backup_tool/show.h"
#include "codec/json.h"

namespace kinode::backup_tool {
namespace {

using Json = nlohmann::json;
using Ends = RunningNode::Ends;

/// Says how each ended; the error where any failed.
Result<void> tell(const Ends& ends, std::string_view what, std::ostream& out) {
  size_t failed = 0;
  for (const auto& [remote, error] : ends) {
    out << remote << ": " << (error ? *error : std::string(what)) << "\n";
    failed += error ? 1 : 0;
  }
  return failed == 0 ? Result<void>() : fail("it failed with {} of {} remotes", failed, ends.size());
}

/// How far each remote is, on one line of a terminal, and gone at the end.
class ProgressLine {
 public:
  explicit ProgressLine(std::ostream& out) : out_(out), is_shown_(::isatty(STDOUT_FILENO) == 1) {}
  ~ProgressLine() { show(""); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  void show(const std::string& text) {
    if (is_shown_ && text != last_) {
      out_ << "\r\033[K" << text << std::flush;
      last_ = text;
    }
  }

 private:
  std::ostream& out_;
  const bool is_shown_;
  std::string last_;
};

std::string progress_text(const Json& status) {
  std::string text;
  for (const auto& [name, remote] : status["remotes"].items()) {
    if (remote["activity"].is_string()) {
      text += fmt::format("{}: {} {} %  ", name, remote["activity"].get<std::string>(), remote["percent"].dump());
    }
  }
  return text;
}

Result<void> on_running(const Home& home, const Json& request, std::string_view what, std::ostream& out) {
  Result<RunningNode> node = RunningNode::find(home);
  if (!node) {
    return std::unexpected(node.error());
  }
  Result<Ends> ends = fail("not run");
  {
    ProgressLine line(out);
    ends = node->carry_out(request, [&](const Json& status) { line.show(progress_text(status)); });
  }
  return ends ? tell(*ends, what, out) : std::unexpected(ends.error());
}

/// The remotes that a command is for.
Result<std::vector<backup::Remote>> chosen(const backup::Settings& settings, const std::optional<std::string>& name) {
  if (!name) {
    return settings.remotes.empty()
               ? Result<std::vector<backup::Remote>>(fail("there is no remote: add one with `kinode backup add`"))
               : settings.remotes;
  }
  const backup::Remote* found = settings.find(*name);
  return found != nullptr ? Result<std::vector<backup::Remote>>({*found}) : fail("there is no remote `{}`", *name);
}

/// A stopped home, opened for work on its remotes.
struct Stopped {
  std::filesystem::path home;
  std::string node;
  crypto::Secret password;
  backup::Settings settings;

  static Result<Stopped> open(const Home& home, Passwords& passwords) {
    Result<backup::Settings> settings = backup::read_settings(home.path);
    Result<std::string> node = node_name(home);
    if (auto error = codec::first_error(settings, node)) {
      return std::unexpected(*error);
    }
    Result<crypto::Secret> password = passwords.of_node(home.path);
    return password ? Result<Stopped>(Stopped{home.path, std::move(*node), std::move(*password), std::move(*settings)})
                    : std::unexpected(password.error());
  }
};

/// Does the work with each of the remotes, in threads, and keeps their status.
Result<Ends> with_each(const Stopped& stopped, const std::optional<std::string>& name,
                       const std::function<Result<void>(backup::RemoteWork&)>& work) {
  Result<std::vector<backup::Remote>> remotes = chosen(stopped.settings, name);
  if (!remotes) {
    return std::unexpected(remotes.error());
  }
  Ends ends;
  std::mutex mutex;
  std::vector<std::jthread> threads;
  for (const backup::Remote& remote : *remotes) {
    threads.emplace_back([&] {
      backup::RemoteStatus status = backup::read_status(stopped.home, remote.name);
      backup::RemoteWork at_remote(remote, stopped.password, stopped.node, stopped.home,
                                   [&](const auto& change) { change(status); });
      Result<void> done = work(at_remote);
      if (done) {
        status.last_error.reset();
      } else {
        status.last_error = {done.error().message, backup::utc_now()};
      }
      status.next_try.reset();  // planned anew when the node starts
      Result<void> kept = backup::write_status(stopped.home, remote.name, status);
      const std::lock_guard lock(mutex);
      ends[remote.name] = !done   ? std::optional(done.error().message)
                          : !kept ? std::optional(kept.error().message)
                                  : std::nullopt;
    });
  }
  threads.clear();
  return ends;
}

Result<void> on_stopped(const Home& home, const std::optional<std::string>& name, Passwords& passwords,
                        std::string_view what, const std::function<Result<void>(backup::RemoteWork&)>& work,
                        std::ostream& out) {
  Result<Stopped> stopped = Stopped::open(home, passwords);
  if (!stopped) {
    return std::unexpected(stopped.error());
  }
  Result<Ends> ends = with_each(*stopped, name, work);
  return ends ? tell(*ends, what, out) : std::unexpected(ends.error());
}

Json named(const std::optional<std::string>& remote) { return {{"remote", remote ? Json(*remote) : Json()}}; }

}  // namespace

Result<void> now(const Home& home, const std::optional<std::string>& remote, Passwords& passwords, std::ostream& out) {
  constexpr std::string_view done = "the snapshot is there";
  if (home.is_running()) {
    return on_running(home, {{"Now", named(remote)}}, done, out);
  }
  const std::stop_token never;
  Result<Stopped> stopped = Stopped::open(home, passwords);
  // After the store was opened for the node's name, which may have tidied it.
  Result<backup::Tree> tree = stopped ? backup::tree_of_stopped(home.path) : std::unexpected(stopped.error());
  if (!tree) {
    return std::unexpected(tree.error());
  }
  Result<Ends> ends = with_each(*stopped, remote, [&](backup::RemoteWork& work) {
    Result<void> stored = work.back_up(*tree, std::nullopt, never);
    return stored ? work.forget(stopped->settings.retention, false, never) : stored;
  });
  return ends ? tell(*ends, done, out) : std::unexpected(ends.error());
}

Result<void> verify(const Home& home, const std::optional<std::string>& remote, uint32_t percent, Passwords& passwords,
                    std::ostream& out) {
  constexpr std::string_view done = "sound";
  if (home.is_running()) {
    Json request = named(remote);
    request["percent"] = percent;
    return on_running(home, {{"Verify", std::move(request)}}, done, out);
  }
  return on_stopped(
      home, remote, passwords, done, [&](backup::RemoteWork& work) { return work.verify(percent, {}); }, out);
}

Result<void> forget(const Home& home, const std::optional<std::string>& remote,
                    const std::optional<std::string>& snapshot, Passwords& passwords, std::ostream& out) {
  constexpr std::string_view done = "forgotten";
  if (home.is_running()) {
    Json request = named(remote);
    request["snapshot"] = snapshot ? Json(*snapshot) : Json();
    return on_running(home, {{"Forget", std::move(request)}}, done, out);
  }
  Result<backup::Settings> settings = backup::read_settings(home.path);
  if (!settings) {
    return std::unexpected(settings.error());
  }
  return on_stopped(
      home, remote, passwords, done,
      [&](backup::RemoteWork& work) {
        return snapshot ? work.forget_snapshot(*snapshot, {}) : work.forget(settings->retention, true, {});
      },
      out);
}

Result<void> list(const Home& home, const std::optional<std::string>& remote, Passwords& passwords, std::ostream& out) {
  Result<backup::Settings> settings = backup::read_settings(home.path);
  Result<std::vector<backup::Remote>> remotes =
      settings ? chosen(*settings, remote) : std::unexpected(settings.error());
  if (!remotes) {
    return std::unexpected(remotes.error());
  }
  Ends ends;
  const auto show = [&](const std::string& name, const std::string& id, const std::string& time) {
    out << fmt::format("{:<16} {:.8}  {}\n", name, id, time);
  };
  if (home.is_running()) {
    Result<RunningNode> node = RunningNode::find(home);
    if (!node) {
      return std::unexpected(node.error());
    }
    for (const backup::Remote& each : *remotes) {
      Result<Json> snapshots = node->ask({{"List", {{"remote", each.name}}}}, "Snapshots");
      if (!snapshots) {
        ends[each.name] = snapshots.error().message;
        continue;
      }
      for (const Json& snapshot : *snapshots) {
        show(each.name, snapshot.value("id", ""), snapshot.value("time", ""));
      }
    }
  } else {
    Result<Stopped> stopped = Stopped::open(home, passwords);
    if (!stopped) {
      return std::unexpected(stopped.error());
    }
    for (const backup::Remote& each : *remotes) {
      const backup::RemoteWork work(each, stopped->password, stopped->node, stopped->home, [](const auto&) {});
      Result<std::vector<restic::Snapshot>> snapshots = work.snapshots({});
      if (!snapshots) {
        ends[each.name] = snapshots.error().message;
        continue;
      }
      for (const restic::Snapshot& snapshot : *snapshots) {
        show(each.name, snapshot.id, snapshot.time);
      }
    }
  }
  return ends.empty() ? Result<void>() : tell(ends, "", out);
}

Result<void> status(const Home& home, bool as_json, std::ostream& out) {
  Json status;
  if (home.is_running()) {
    Result<RunningNode> node = RunningNode::find(home);
    Result<Json> answer = node ? node->ask("Status", "Status") : std::unexpected(node.error());
    if (!answer) {
      return std::unexpected(answer.error());
    }
    status = std::move(*answer);
  } else {
    Result<backup::Settings> settings = backup::read_settings(home.path);
    if (!settings) {
      return std::unexpected(settings.error());
    }
    status = {{"error", nullptr}, {"remotes", Json::object()}};
    for (const backup::Remote& remote : settings->remotes) {
      Json one = Json(backup::to_json(backup::read_status(home.path, remote.name)));
      one["url"] = restic::shown_url(remote.repository.url);
      status["remotes"][remote.name] = std::move(one);
    }
  }
  out << (as_json ? status.dump(2) + "\n" : status_text(status));
  return {};
}

}  // namespace kinode::backup_tool
