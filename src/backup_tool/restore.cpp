#include "backup_tool/restore.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <future>
#include <ostream>
#include <set>

#include "backup/settings.h"
#include "backup_tool/home.h"
#include "base/file.h"
#include "modules/state/rocks_journal.h"
#include "types/address.h"

namespace kinode::backup_tool {
namespace {

namespace fs = std::filesystem;

/// Where the snapshot is taken from.
struct Source {
  restic::Repository repository;
  crypto::Secret password;
  std::string shown;
};

Result<Source> source_of(const Restore& wanted, Passwords& passwords) {
  Result<backup::Settings> settings = wanted.in_place ? backup::read_settings(wanted.home) : backup::Settings{};
  if (!settings) {
    return std::unexpected(settings.error());
  }
  Source source{.repository = {.url = wanted.from, .options = wanted.options}, .shown = restic::shown_url(wanted.from)};
  Result<crypto::Secret> password = fail("none");
  if (const backup::Remote* remote = settings->find(wanted.from)) {
    source.repository = remote->resolved();
    password = passwords.of_node(wanted.home);
  } else if (Result<void> checked = restic::check_url(wanted.from); !checked) {
    return std::unexpected(checked.error());
  } else if (wanted.keyfile) {
    password = passwords.of_keyfile(*wanted.keyfile);
  } else {
    Result<const crypto::Secret*> typed = passwords.of_person(false);
    password =
        typed ? crypto::Secret::copy_of((*typed)->span()) : Result<crypto::Secret>(std::unexpected(typed.error()));
  }
  if (!password) {
    return std::unexpected(password.error());
  }
  source.password = std::move(*password);
  return source;
}

Result<restic::Snapshot> find_snapshot(const restic::Restic& restic, const Restore& wanted, const std::string& shown) {
  Result<std::vector<restic::Snapshot>> all = restic.snapshots({});
  if (!all) {
    return std::unexpected(all.error());
  }
  if (wanted.snapshot != "latest") {
    std::erase_if(*all, [&](const restic::Snapshot& each) { return !each.id.starts_with(wanted.snapshot); });
    if (all->size() != 1) {
      return fail("{} has {} snapshot `{}`: `kinode backup list` shows them", shown,
                  all->empty() ? "no" : "more than one", wanted.snapshot);
    }
    return all->front();
  }
  std::set<std::string> nodes;
  std::ranges::for_each(*all, [&](const restic::Snapshot& each) { nodes.insert(each.host); });
  if (nodes.size() > 1) {
    return fail("{} has snapshots of several nodes: say which with --node ({})", shown, fmt::join(nodes, ", "));
  }
  if (all->empty()) {
    return fail("{} has no snapshot{}", shown, wanted.node ? " of " + *wanted.node : "");
  }
  return all->back();
}

/// A folder for what is on its way, beside its place; gone with this.
class Staging {
 public:
  static Result<Staging> beside(const fs::path& place) {
    const fs::path whole = fs::absolute(place).lexically_normal();
    const fs::path clean = whole.has_filename() ? whole : whole.parent_path();
    fs::path folder = clean.parent_path() / ("." + clean.filename().string() + ".restoring");
    std::error_code error;
    fs::remove_all(folder, error);  // of one that was interrupted
    fs::create_directories(folder, error);
    if (!error) {
      fs::permissions(folder, fs::perms::owner_all, error);
    }
    if (error) {
      return fail("cannot make {}: {}", folder.string(), error.message());
    }
    return Staging(std::move(folder));
  }
  Staging(Staging&& other) noexcept : folder_(std::exchange(other.folder_, fs::path())) {}
  Staging& operator=(Staging&&) = delete;
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;
  ~Staging() {
    std::error_code ignored;
    if (!folder_.empty()) {
      fs::remove_all(folder_, ignored);
    }
  }
  [[nodiscard]] const fs::path& folder() const { return folder_; }

 private:
  explicit Staging(fs::path folder) : folder_(std::move(folder)) {}
  fs::path folder_;
};

/// All that was written there is on the disk.
void flush(const fs::path& folder) {
  const int file = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file >= 0) {
    ::syncfs(file);
    ::close(file);
  }
}

Result<void> check_free(const fs::path& place) {
  std::error_code error;
  const bool is_free = !fs::exists(fs::symlink_status(place, error)) ||
                       (fs::is_directory(fs::symlink_status(place, error)) && fs::is_empty(place, error) && !error);
  return is_free ? Result<void>()
                 : fail("{} is not empty: give another folder, or a new one. Nothing was changed", place.string());
}

Result<void> move_into_place(const fs::path& from, const fs::path& place) {
  flush(from);
  std::error_code error;
  const fs::path clean = place.has_filename() ? place : place.parent_path();
  fs::create_directories(fs::absolute(clean).parent_path(), error);
  fs::rename(from, clean, error);  // an empty folder there is replaced
  return error ? fail("cannot put what was restored at {}: {}", place.string(), error.message()) : Result<void>();
}

/// What a command needs that has found its snapshot.
struct Found {
  const restic::Restic& restic;
  restic::Snapshot snapshot;

  [[nodiscard]] Result<void> restore(const fs::path& folder, const std::vector<std::string>& only) const {
    return restic.restore(snapshot.id, folder, only, {});
  }
};

Result<void> restore_home(const Found& found, const fs::path& home) {
  if (Result<void> is_free = check_free(home); !is_free) {
    return is_free;
  }
  Result<Staging> staging = Staging::beside(home);
  Result<void> restored = staging ? found.restore(staging->folder(), {}) : std::unexpected(staging.error());
  if (!restored) {
    return restored;
  }
  std::error_code error;
  if (!fs::exists(staging->folder() / "kernel" / "CURRENT", error)) {
    return fail("the snapshot {} is not one of a whole home: choose another with --snapshot", found.snapshot.id);
  }
  return move_into_place(staging->folder(), home);
}

struct Drive {
  std::string package;
  std::string name;

  static Result<Drive> parse(const std::string& text) {
    const size_t slash = text.find('/');
    const std::string name = slash == std::string::npos ? "" : text.substr(slash + 1);
    Result<PackageId> package = PackageId::parse(text.substr(0, slash));
    if (!package || !package->is_name_safe() || name.empty() || name.find('/') != std::string::npos || name == "." ||
        name == "..") {
      return fail("'{}' is no drive: give PACKAGE:PUBLISHER/DRIVE, such as chat:alice.os/pkg", text);
    }
    return Drive{text.substr(0, slash), name};
  }
  [[nodiscard]] fs::path below(const fs::path& home) const { return home / "vfs" / package / name; }
};

Result<void> fetch_drive(const Found& found, const Drive& drive, const fs::path& folder) {
  if (Result<void> restored = found.restore(folder, {drive.below("/").string()}); !restored) {
    return restored;
  }
  std::error_code error;
  if (!fs::is_directory(drive.below(folder), error)) {
    return fail("the snapshot {} has no drive {}/{}", found.snapshot.id, drive.package, drive.name);
  }
  return {};
}

Result<void> restore_drive(const Found& found, const Drive& drive, const fs::path& to) {
  if (Result<void> is_free = check_free(to); !is_free) {
    return is_free;
  }
  Result<Staging> staging = Staging::beside(to);
  Result<void> fetched = staging ? fetch_drive(found, drive, staging->folder()) : std::unexpected(staging.error());
  return fetched ? move_into_place(drive.below(staging->folder()), to) : fetched;
}

/// The drive of a stopped home becomes that of the snapshot, in one step; what it was goes afterwards.
Result<void> roll_back_drive(const Found& found, const Drive& drive, const Home& home) {
  Result<Staging> staging = Staging::beside(home.path / "backup" / "drive");
  Result<void> fetched = staging ? fetch_drive(found, drive, staging->folder()) : std::unexpected(staging.error());
  if (!fetched) {
    return fetched;
  }
  flush(staging->folder());
  const fs::path place = drive.below(home.path);
  std::error_code error;
  const unsigned how = fs::exists(place, error) ? RENAME_EXCHANGE : RENAME_NOREPLACE;
  if (!error) {
    fs::create_directories(place.parent_path(), error);
  }
  if (!error && ::renameat2(AT_FDCWD, drive.below(staging->folder()).c_str(), AT_FDCWD, place.c_str(), how) != 0) {
    error.assign(errno, std::generic_category());
  }
  return error ? fail(
                     "cannot put the restored drive at {}: {}. What was there is as it was; --to puts the drive "
                     "elsewhere",
                     place.string(), error.message())
               : Result<void>();
}

/// The bytes that the process had saved.
Result<Bytes> fetch_state(const Found& found, const ProcessId& process, const fs::path& folder) {
  if (Result<void> restored = found.restore(folder, {"/kernel"}); !restored) {
    return std::unexpected(restored.error());
  }
  auto journal = modules::RocksJournal::open(folder);
  if (!journal) {
    return std::unexpected(journal.error());
  }
  Result<std::optional<Bytes>> state = (*journal)->read("state/" + process.text());
  if (!state) {
    return std::unexpected(state.error());
  }
  return *state ? Result<Bytes>(**state)
                : fail("the snapshot {} has no state of {}", found.snapshot.id, process.text());
}

Result<void> restore_state(const Found& found, const ProcessId& process, const fs::path& to) {
  Result<Staging> staging = Staging::beside(to);
  Result<Bytes> state = staging ? fetch_state(found, process, staging->folder()) : std::unexpected(staging.error());
  return state ? write_private_file(to, state->text(), Existing::kept) : std::unexpected(state.error());
}

Result<void> roll_back_state(const Found& found, const ProcessId& process, const Home& home) {
  constexpr std::chrono::seconds patience{60};
  Result<Staging> staging = Staging::beside(home.path / "backup" / "state");
  Result<Bytes> state = staging ? fetch_state(found, process, staging->folder()) : std::unexpected(staging.error());
  if (!state) {
    return std::unexpected(state.error());
  }
  auto journal = modules::RocksJournal::open(home.path);
  if (!journal) {
    return std::unexpected(journal.error());
  }
  kernel::Batch batch;
  batch.put("state/" + process.text(), *state);
  Result<uint64_t> written = (*journal)->write(batch);
  if (!written) {
    return std::unexpected(written.error());
  }
  auto durable = std::make_shared<std::promise<void>>();
  (*journal)->when_durable(*written, [durable] { durable->set_value(); });
  if (durable->get_future().wait_for(patience) != std::future_status::ready) {
    return fail("the state of {} could not be written to {}: is its disk full?", process.text(), home.path.string());
  }
  return {};
}

Result<void> restore_part(const Found& found, const Restore& wanted) {
  Result<Drive> drive = wanted.drive ? Drive::parse(*wanted.drive) : Drive{};
  Result<ProcessId> process = wanted.process ? ProcessId::parse(*wanted.process) : ProcessId("a", "a", "a");
  if (!drive || !process) {
    return std::unexpected(!drive ? drive.error() : process.error().at("--process"));
  }
  if (!wanted.in_place) {
    return wanted.drive ? restore_drive(found, *drive, wanted.to) : restore_state(found, *process, wanted.to);
  }
  Result<Home> home = find_stopped_home(wanted.home);
  if (!home) {
    return std::unexpected(home.error());
  }
  return wanted.drive ? roll_back_drive(found, *drive, *home) : roll_back_state(found, *process, *home);
}

}  // namespace

Result<void> restore(const Restore& wanted, Passwords& passwords, std::ostream& out) {
  const bool is_whole = !wanted.drive && !wanted.process;
  const fs::path& place = is_whole || wanted.in_place ? wanted.home : wanted.to;
  if (is_whole) {  // before anybody is asked for a password
    if (Result<void> is_free = check_free(wanted.home); !is_free) {
      return is_free;
    }
  }
  Result<Source> source = source_of(wanted, passwords);
  if (!source) {
    return std::unexpected(source.error());
  }
  const restic::Restic restic(source->repository, source->password, {.host = wanted.node.value_or("")});
  Result<restic::Snapshot> snapshot = find_snapshot(restic, wanted, source->shown);
  if (!snapshot) {
    return std::unexpected(snapshot.error());
  }
  const Found found{restic, *snapshot};
  if (Result<void> restored = is_whole ? restore_home(found, wanted.home) : restore_part(found, wanted); !restored) {
    return restored;
  }
  out << fmt::format("restored {:.8} of {}, {}, to {}\n", snapshot->id, snapshot->host, snapshot->time, place.string());
  if (is_whole) {
    out << "Let one node at a time run with its keys. Next: kinode " << place.string() << "\n";
  }
  return {};
}

}  // namespace kinode::backup_tool
