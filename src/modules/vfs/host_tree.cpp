#include "modules/vfs/host_tree.h"

#include <fcntl.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "modules/vfs/beneath.h"
#include "modules/vfs/directory_stream.h"

namespace kinode::modules::vfs {
namespace {

constexpr const char* staging_name = ".staging";

/// Where a path is resolved from: its drive, or the package's directory for the drive itself.
struct Base {
  Descriptor directory;
  std::string relative;
  FollowLinks links;
};

VfsResult<Base> base_of(int root, const VfsPath& path) {
  bool is_drive = path.rest().empty();
  std::string from(path.package_part());
  if (!is_drive) {
    from.append("/").append(path.drive());
  }
  auto directory = open_beneath(root, from, O_PATH | O_DIRECTORY, 0, FollowLinks::never);
  if (!directory) {
    return std::unexpected(directory.error());
  }
  return Base{std::move(*directory), std::string(is_drive ? path.drive() : path.rest()),
              is_drive ? FollowLinks::never : FollowLinks::within};
}

VfsResult<std::vector<DirectoryEntry>> entries_of(Descriptor directory) {
  DirectoryStream stream(std::move(directory));
  std::vector<DirectoryEntry> entries;
  while (const dirent* entry = stream.next()) {
    FileKind kind = FileKind::other;
    switch (entry->d_type) {
      case DT_REG:
        kind = FileKind::file;
        break;
      case DT_DIR:
        kind = FileKind::directory;
        break;
      case DT_LNK:
        kind = FileKind::symlink;
        break;
      case DT_UNKNOWN: {
        struct stat status{};
        if (fstatat(stream.descriptor(), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0) {
          kind = kind_of(status.st_mode);
        }
        break;
      }
      default:
        break;
    }
    entries.push_back({entry->d_name, kind});
  }
  if (stream.error() != 0) {
    return io_error(stream.error());
  }
  return entries;
}

}  // namespace

FileKind kind_of(mode_t mode) {
  return S_ISREG(mode)   ? FileKind::file
         : S_ISDIR(mode) ? FileKind::directory
         : S_ISLNK(mode) ? FileKind::symlink
                         : FileKind::other;
}

StagedFile::~StagedFile() {
  if (!name_.empty()) {
    unlinkat(staging_, name_.c_str(), 0);
  }
}

VfsResult<void> StagedFile::move_to(const Place& place) {
  if (renameat(staging_, name_.c_str(), place.directory.get(), place.name.c_str()) != 0) {
    return io_error(errno);
  }
  name_.clear();
  return {};
}

Result<std::unique_ptr<HostTree>> HostTree::open(const std::string& root) {
  std::error_code error;
  std::filesystem::create_directories(root, error);
  if (error) {
    return fail("{}: cannot be made: {}", root, error.message());
  }
  std::string canonical = std::filesystem::canonical(root, error).string();
  Descriptor directory(::open(canonical.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (error || !directory) {
    return fail("{}: cannot be opened: {}", root, error ? error.message() : std::generic_category().message(errno));
  }
  std::unique_ptr<HostTree> tree(new HostTree(std::move(canonical), std::move(directory)));
  if (mkdirat(tree->directory_.get(), staging_name, 0700) != 0 && errno != EEXIST) {
    return fail("{}: cannot be written: {}", root, std::generic_category().message(errno));
  }
  auto staging =
      open_beneath(tree->directory_.get(), staging_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, FollowLinks::never);
  if (!staging) {
    return fail("{}/{}: cannot be opened (openat2 of Linux 5.6 or later is needed): {}", root, staging_name,
                staging.error().text);
  }
  tree->staging_ = std::move(*staging);
  tree->unflushed_ = std::make_shared<Unflushed>(Descriptor(fcntl(tree->staging_.get(), F_DUPFD_CLOEXEC, 0)));
  tree->empty_staging();
  return tree;
}

VfsResult<Descriptor> HostTree::resolve(const VfsPath& path, int flags, mode_t mode) const {
  auto base = base_of(directory_.get(), path);
  if (!base) {
    return std::unexpected(base.error());
  }
  return open_beneath(base->directory.get(), base->relative, flags, mode, base->links);
}

VfsResult<Descriptor> HostTree::open_file(const VfsPath& path, int flags) const {
  auto file = resolve(path, flags | O_NOCTTY | O_NONBLOCK, (flags & O_CREAT) != 0 ? 0666 : 0);
  if (!file) {
    return file;
  }
  struct stat status{};
  if (fstat(file->get(), &status) != 0) {
    return io_error(errno);
  }
  if (S_ISDIR(status.st_mode)) {
    return io_error(EISDIR);
  }
  if (!S_ISREG(status.st_mode)) {
    return io_error("neither a file nor a directory");
  }
  if ((flags & O_CREAT) != 0) {
    (void)unflushed_->file_changed(file->get(), 0);
    if (auto place = place_of(path); place) {
      unflushed_->directory_changed(place->directory.get());
    }
  }
  return file;
}

VfsResult<struct stat> HostTree::stat(const VfsPath& path) const {
  auto file = resolve(path, O_PATH);
  if (!file) {
    return std::unexpected(file.error());
  }
  struct stat status{};
  if (fstat(file->get(), &status) != 0) {
    return io_error(errno);
  }
  return status;
}

VfsResult<std::vector<DirectoryEntry>> HostTree::list(const VfsPath& path) const {
  auto directory = resolve(path, O_RDONLY | O_DIRECTORY);
  if (!directory) {
    return std::unexpected(directory.error());
  }
  return entries_of(std::move(*directory));
}

VfsResult<std::vector<DirectoryEntry>> HostTree::list_root() const {
  Descriptor root(openat(directory_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root) {
    return io_error(errno);
  }
  auto entries = entries_of(std::move(root));
  if (entries) {
    std::erase_if(*entries, [](const DirectoryEntry& entry) { return entry.name == staging_name; });
  }
  return entries;
}

VfsResult<Place> HostTree::place_of(const VfsPath& path) const {
  auto base = base_of(directory_.get(), path);
  if (!base) {
    return std::unexpected(base.error());
  }
  size_t slash = base->relative.rfind('/');
  if (slash == std::string::npos) {
    return Place{std::move(base->directory), std::move(base->relative)};
  }
  auto parent =
      open_beneath(base->directory.get(), base->relative.substr(0, slash), O_PATH | O_DIRECTORY, 0, base->links);
  if (!parent) {
    return std::unexpected(parent.error());
  }
  return Place{std::move(*parent), base->relative.substr(slash + 1)};
}

VfsResult<std::optional<struct stat>> HostTree::look(const Place& place) {
  struct stat status{};
  if (fstatat(place.directory.get(), place.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) {
    return status;
  }
  if (errno == ENOENT) {
    return std::nullopt;
  }
  return io_error(errno);
}

VfsResult<void> HostTree::make_directory(const VfsPath& path) const {
  auto place = place_of(path);
  if (!place) {
    return std::unexpected(place.error());
  }
  if (mkdirat(place->directory.get(), place->name.c_str(), 0777) != 0) {
    return io_error(errno);
  }
  unflushed_->directory_changed(place->directory.get());
  return {};
}

VfsResult<uint64_t> HostTree::make_directories(const VfsPath& path) const {
  if (auto exists = resolve(path, O_PATH | O_DIRECTORY); exists) {
    return 0;
  } else if (exists.error().number != ENOENT && exists.error().number != ENOTDIR) {
    return std::unexpected(exists.error());
  }
  std::string package(path.package_part());
  if (mkdirat(directory_.get(), package.c_str(), 0777) == 0) {
    unflushed_->directory_changed(directory_.get());
  } else if (errno != EEXIST) {
    return io_error(errno);
  }
  uint64_t count = 0;
  VfsPath at = path.drive_root();
  std::string_view rest = path.rest();
  while (true) {
    auto made = make_directory(at);
    if (!made && made.error().number != EEXIST) {
      return std::unexpected(made.error());
    }
    if (!made && !resolve(at, O_PATH | O_DIRECTORY)) {
      return io_error(rest.empty() ? EEXIST : ENOTDIR);
    }
    count += made ? 1 : 0;
    if (rest.empty()) {
      return count;
    }
    size_t slash = std::min(rest.find('/'), rest.size());
    at = at.below(rest.substr(0, slash));
    rest.remove_prefix(std::min(slash + 1, rest.size()));
  }
}

VfsResult<void> HostTree::remove_file(const VfsPath& path) const {
  auto place = place_of(path);
  if (!place) {
    return std::unexpected(place.error());
  }
  if (unlinkat(place->directory.get(), place->name.c_str(), 0) != 0) {
    return io_error(errno);
  }
  unflushed_->directory_changed(place->directory.get());
  return {};
}

VfsResult<void> HostTree::remove_directory(const VfsPath& path) const {
  auto place = place_of(path);
  if (!place) {
    return std::unexpected(place.error());
  }
  if (unlinkat(place->directory.get(), place->name.c_str(), AT_REMOVEDIR) != 0) {
    return io_error(errno);
  }
  unflushed_->directory_changed(place->directory.get());
  return {};
}

VfsResult<void> HostTree::rename(const VfsPath& from, const VfsPath& to) const {
  auto old_place = place_of(from);
  if (!old_place) {
    return std::unexpected(old_place.error());
  }
  auto new_place = place_of(to);
  if (!new_place) {
    return std::unexpected(new_place.error());
  }
  if (renameat(old_place->directory.get(), old_place->name.c_str(), new_place->directory.get(),
               new_place->name.c_str()) != 0) {
    return io_error(errno);
  }
  unflushed_->directory_changed(old_place->directory.get());
  unflushed_->directory_changed(new_place->directory.get());
  return {};
}

}  // namespace kinode::modules::vfs
