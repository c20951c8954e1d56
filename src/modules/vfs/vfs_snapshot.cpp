#include "modules/vfs/vfs_snapshot.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <string>
#include <utility>
#include <vector>

#include "modules/vfs/beneath.h"
#include "modules/vfs/file_io.h"
#include "modules/vfs/walk.h"

namespace kinode::modules::vfs {
namespace {

/// Of a path in the tree; what is before it counts too.
constexpr size_t longest_path = PATH_MAX / 2;

/// Whether a path below the vfs is a drive `package:publisher/tmp`.
bool is_tmp_drive(std::string_view path) {
  const size_t slash = path.find('/');
  return slash != std::string_view::npos && path.substr(slash + 1) == "tmp";
}

/// Makes the tree: `found` in it, at the same path as below the vfs.
class TreeMaker {
 public:
  TreeMaker(int folder, const Captures& captures) : folder_(folder), captures_(captures) {}

  /// Whether there is more to be visited below it.
  VfsResult<bool> visit(const Found& found) {
    const bool is_staging = found.path == ".staging";
    if (is_staging || found.path.size() > longest_path) {
      return false;
    }
    if (S_ISDIR(found.status.st_mode)) {
      return make_directory(found);
    }
    if (S_ISLNK(found.status.st_mode)) {
      return no_more(make_symlink(found));
    }
    if (S_ISREG(found.status.st_mode)) {
      return no_more(is_shared_with_nobody(found) ? link(found) : copy(found));
    }
    return false;
  }
  /// The same, where anything may change meanwhile: what does so is left out, or is as it was at some time.
  VfsResult<bool> visit_unheld(const Found& found, const std::string& before) {
    const std::string path = before + found.path;
    const Found within{found.directory, found.name, path, found.status};
    const bool is_file = S_ISREG(found.status.st_mode) && path.size() <= longest_path;
    auto made = is_file ? no_more(copy(within)) : visit(within);
    return made || !is_of_a_change(made.error().number, within) ? made : false;
  }

  /// One that was made before gets its times, too.
  void remember_directory(std::string path, const struct stat& status) {
    directories_.emplace_back(std::move(path), status);
  }
  /// Directories get their times when all is in them.
  VfsResult<void> settle_directories() {
    for (auto entry = directories_.rbegin(); entry != directories_.rend(); ++entry) {
      const auto& [path, status] = *entry;
      // Copies may still have to be put into it.
      if (fchmodat(folder_, path.c_str(), (status.st_mode & 07777) | S_IRWXU, 0) != 0) {
        return io_error(errno);
      }
      const std::array<struct timespec, 2> times{status.st_atim, status.st_mtim};
      if (utimensat(folder_, path.c_str(), times.data(), AT_SYMLINK_NOFOLLOW) != 0) {
        return io_error(errno);
      }
    }
    directories_.clear();
    return {};
  }

  std::multimap<Inode, std::string> take_links() { return std::move(links_); }
  std::vector<std::string> take_tmp_drives() { return std::move(tmp_drives_); }

 private:
  static VfsResult<bool> no_more(const VfsResult<void>& made) {
    return made ? VfsResult<bool>(false) : std::unexpected(made.error());
  }

  /// Whether something failed because the name means something else by now, or nothing.
  static bool is_of_a_change(int number, const Found& found) {
    if (number == ENOENT || number == ELOOP || number == EEXIST) {  // a directory that changes may list a name twice
      return true;
    }
    struct stat now{};
    return fstatat(found.directory, found.name.c_str(), &now, AT_SYMLINK_NOFOLLOW) != 0 ||
           Inode::of(now) != Inode::of(found.status) || now.st_mode != found.status.st_mode;
  }

  [[nodiscard]] bool is_shared_with_nobody(const Found& found) const {
    return found.status.st_nlink <= 1 + captures_.names_of(found.status);
  }

  VfsResult<bool> make_directory(const Found& found) {
    if (mkdirat(folder_, found.path.c_str(), 0700) != 0) {
      return io_error(errno);
    }
    remember_directory(found.path, found.status);
    if (is_tmp_drive(found.path)) {
      tmp_drives_.push_back(found.path);
      return false;
    }
    return true;
  }

  VfsResult<void> make_symlink(const Found& found) {
    std::array<char, PATH_MAX> target{};
    const ssize_t length = readlinkat(found.directory, found.name.c_str(), target.data(), target.size() - 1);
    if (length < 0 || symlinkat(target.data(), folder_, found.path.c_str()) != 0) {
      return io_error(errno);
    }
    const std::array<struct timespec, 2> times{found.status.st_atim, found.status.st_mtim};
    return utimensat(folder_, found.path.c_str(), times.data(), AT_SYMLINK_NOFOLLOW) == 0 ? VfsResult<void>()
                                                                                          : io_error(errno);
  }

  VfsResult<void> link(const Found& found) {
    if (linkat(found.directory, found.name.c_str(), folder_, found.path.c_str(), 0) == 0) {
      links_.emplace(Inode::of(found.status), found.path);
      return {};
    }
    const bool has_no_links = errno == EXDEV || errno == EMLINK || errno == EPERM || errno == EOPNOTSUPP;
    return has_no_links ? copy(found) : io_error(errno);
  }

  VfsResult<void> copy(const Found& found) {
    auto source = open_beneath(found.directory, found.name, O_RDONLY | O_NONBLOCK, 0, FollowLinks::never);
    if (!source) {
      return std::unexpected(source.error());
    }
    Descriptor target(openat(folder_, found.path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!target) {
      return io_error(errno);
    }
    if (auto copied = copy_content(source->get(), target.get()); !copied) {
      unlinkat(folder_, found.path.c_str(), 0);
      return copied;
    }
    const std::array<struct timespec, 2> times{found.status.st_atim, found.status.st_mtim};
    return fchmod(target.get(), found.status.st_mode & 07777) == 0 && futimens(target.get(), times.data()) == 0
               ? VfsResult<void>()
               : io_error(errno);
  }

  int folder_;
  const Captures& captures_;
  std::multimap<Inode, std::string> links_;
  std::vector<std::string> tmp_drives_;
  std::vector<std::pair<std::string, struct stat>> directories_;
};

class VfsCapture final : public SnapshotSource::Capture {
 public:
  VfsCapture(Drives& drives, Captures::Ticket ticket, std::vector<std::string> tmp_drives)
      : drives_(drives), ticket_(ticket), tmp_drives_(std::move(tmp_drives)) {}
  ~VfsCapture() override { drives_.captures().remove(ticket_); }

  Result<void> complete(const std::stop_token& stop) override {
    for (const std::string& drive : std::exchange(tmp_drives_, {})) {
      auto root = open_beneath(drives_.tree().directory(), drive, O_PATH | O_DIRECTORY, 0, FollowLinks::never);
      if (!root && (root.error().number == ENOENT || root.error().number == ENOTDIR || root.error().number == ELOOP)) {
        continue;  // removed since, or no directory any more
      }
      if (!root) {
        return std::unexpected(root.error().to_error().at("snapshot of " + drive));
      }
      struct stat status{};
      if (fstat(root->get(), &status) != 0) {
        return std::unexpected(io_error(errno).error().to_error().at("snapshot of " + drive));
      }
      TreeMaker maker(ticket_->folder.get(), drives_.captures());
      maker.remember_directory(drive, status);
      auto made = walk(root->get(), [&](const Found& found) {
        return stop.stop_requested() ? VfsResult<bool>(io_error("it was stopped before its end"))
                                     : maker.visit_unheld(found, drive + "/");
      });
      if (made) {
        made = maker.settle_directories();
      }
      if (!made) {
        return std::unexpected(made.error().to_error().at("snapshot of " + drive));
      }
    }
    return {};
  }

 private:
  Drives& drives_;
  Captures::Ticket ticket_;
  std::vector<std::string> tmp_drives_;
};

}  // namespace

Result<void> VfsSnapshot::hold(std::chrono::milliseconds patience) {
  if (drives_.gate().hold(patience)) {
    return {};
  }
  return fail("a change of a drive went on for {} ms, longer than the snapshot waits for it. Try again later",
              patience.count());
}

Result<std::unique_ptr<SnapshotSource::Capture>> VfsSnapshot::capture(const std::filesystem::path& folder) {
  const std::string place = folder.string();
  if (mkdir(place.c_str(), 0700) != 0) {
    return std::unexpected(io_error(errno).error().to_error().at(place));
  }
  Descriptor directory(open(place.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!directory) {
    return std::unexpected(io_error(errno).error().to_error().at(place));
  }
  TreeMaker maker(directory.get(), drives_.captures());
  auto made = walk(drives_.tree().directory(), [&maker](const Found& found) { return maker.visit(found); });
  if (made) {
    made = maker.settle_directories();
  }
  // Also of a tree that is not whole: its end takes the names away that files have in it.
  const Captures::Ticket ticket = drives_.captures().add({std::move(directory), maker.take_links()});
  auto capture = std::make_unique<VfsCapture>(drives_, ticket, maker.take_tmp_drives());
  if (!made) {
    return std::unexpected(made.error().to_error().at("snapshot of the drives"));
  }
  return capture;
}

}  // namespace kinode::modules::vfs
