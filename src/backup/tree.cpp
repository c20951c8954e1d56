#include "backup/tree.h"

#include <algorithm>
#include <array>
#include <future>
#include <set>

namespace kinode::backup {
namespace {

namespace fs = std::filesystem;

/// How long the parts may take, all together, until nothing changes in them. Guests wait meanwhile.
constexpr std::chrono::seconds patience{10};

/// What a home has beside its parts. They are small, and written in one step.
constexpr std::array small_files{".keys", ".development-key", "peers.toml", "backup.toml"};
/// What of a home is of no use elsewhere.
const std::set<std::string> not_kept{".lock", ".terminal_logs", "backup", "cache"};
/// The same of the kernel's store.
constexpr std::array not_kept_below{"kernel/LOCK", "kernel/backup", "kernel/backup.new", "kernel/probe"};

fs::path trees_of(const fs::path& home) { return home / "backup" / "trees"; }

Result<std::vector<std::string>> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator each(folder, error), end; !error && each != end; each.increment(error)) {
    if (std::string name = each->path().filename(); !not_kept.contains(name)) {
      names.push_back(std::move(name));
    }
  }
  if (error) {
    return fail("cannot read {}: {}", folder.string(), error.message());
  }
  std::ranges::sort(names);
  return names;
}

Result<void> copy_small_files(const fs::path& home, const fs::path& tree) {
  for (const char* name : small_files) {
    std::error_code error;
    if (fs::is_regular_file(home / name, error)) {
      fs::copy_file(home / name, tree / name, error);
    }
    if (error && error != std::errc::no_such_file_or_directory) {
      return fail("cannot copy {} for a snapshot: {}", (home / name).string(), error.message());
    }
  }
  return {};
}

/// Sources held, until they are let go in the other order.
class Held {
 public:
  Held() = default;
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  ~Held() {
    std::for_each(sources_.rbegin(), sources_.rend(), [](modules::SnapshotSource* source) { source->release(); });
  }
  Result<void> add(modules::SnapshotSource& source, std::chrono::milliseconds time) {
    Result<void> held = source.hold(time);
    if (held) {
      sources_.push_back(&source);
    }
    return held;
  }

 private:
  std::vector<modules::SnapshotSource*> sources_;
};

}  // namespace

/// One tree's folder, with what keeps it as it is.
struct SnapshotMaker::Folder {
  fs::path path;
  Time taken;
  Instant moment;
  std::vector<std::string> entries;
  std::vector<std::unique_ptr<modules::SnapshotSource::Capture>> captures;

  ~Folder() {
    captures.clear();
    std::error_code ignored;  // what stays is deleted by the next start
    fs::remove_all(path, ignored);
  }
};

Result<Tree> tree_of_stopped(const fs::path& home) {
  Result<std::vector<std::string>> names = names_in(home);
  if (!names) {
    return std::unexpected(names.error());
  }
  std::error_code error;
  if (!fs::is_directory(home / "kernel", error)) {
    return fail("{} is not the home of a node that ran: there is nothing to keep", home.string());
  }
  Tree tree{.folder = fs::absolute(home), .entries = std::move(*names), .taken = utc_now()};
  for (const char* path : not_kept_below) {
    tree.excludes.push_back((tree.folder / path).string());
  }
  return tree;
}

SnapshotMaker::SnapshotMaker(const fs::path& home, std::vector<modules::SnapshotSource*> sources)
    : home_(fs::absolute(home)), sources_(std::move(sources)) {
  thread_.submit([this] {  // a large one takes its time, and the node need not wait
    std::error_code ignored;
    fs::remove_all(trees_of(home_), ignored);
  });
}

SnapshotMaker::~SnapshotMaker() = default;

Result<Tree> SnapshotMaker::take(Instant since, const std::stop_token& stop) {
  const auto taken = std::make_shared<std::promise<Result<Tree>>>();
  thread_.submit([this, taken, since, stop] {
    const std::shared_ptr<Folder> latest = latest_.lock();
    if (latest && latest->moment >= since) {
      taken->set_value(Tree{latest->path, latest->entries, {}, latest->taken, latest});
    } else {
      taken->set_value(make(stop));
    }
  });
  return taken->get_future().get();
}

Result<Tree> SnapshotMaker::make(const std::stop_token& stop) {
  // Captures end on the sources' thread, whichever thread lets go of the tree.
  std::shared_ptr<Folder> tree(new Folder, [this](Folder* folder) { thread_.submit([folder] { delete folder; }); });
  tree->path = trees_of(home_) / std::to_string(++count_);
  std::error_code error;
  fs::create_directories(tree->path, error);
  fs::permissions(home_ / "backup", fs::perms::owner_all, error);
  if (error) {
    return fail("cannot make the folder {} for a snapshot: {}", tree->path.string(), error.message());
  }
  if (Result<void> filled = fill(*tree, stop); !filled) {
    return std::unexpected(filled.error().at("no snapshot was made"));
  }
  latest_ = tree;
  return Tree{tree->path, tree->entries, {}, tree->taken, tree};
}

Result<void> SnapshotMaker::fill(Folder& tree, const std::stop_token& stop) {
  if (Result<void> captured = capture_all(tree, stop); !captured) {
    return captured;
  }
  for (const auto& capture : tree.captures) {
    if (Result<void> completed = capture->complete(stop); !completed) {
      return completed;
    }
  }
  Result<std::vector<std::string>> names = names_in(tree.path);
  if (!names) {
    return std::unexpected(names.error());
  }
  tree.entries = std::move(*names);
  return {};
}

Result<void> SnapshotMaker::capture_all(Folder& tree, const std::stop_token& stop) {
  const auto end = std::chrono::steady_clock::now() + patience;
  Held held;
  for (modules::SnapshotSource* source : sources_) {
    if (stop.stop_requested()) {
      return fail("it was stopped before its end");
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    if (Result<void> added = held.add(*source, std::max(left, std::chrono::milliseconds(0))); !added) {
      return std::unexpected(added.error().at(source->name()));
    }
  }
  tree.taken = utc_now();
  tree.moment = SystemClock().now();
  for (modules::SnapshotSource* source : sources_) {
    auto capture = source->capture(tree.path / source->name());
    if (!capture) {
      return std::unexpected(capture.error().at(source->name()));
    }
    tree.captures.push_back(std::move(*capture));
  }
  return copy_small_files(home_, tree.path);
}

}  // namespace kinode::backup
