// The staging directory: files before they have their name, trees on their way out.
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "modules/vfs/directory_stream.h"
#include "modules/vfs/host_tree.h"

namespace kinode::modules::vfs {
namespace {

/// How many directories are open at once while a tree is deleted. Deeper ones are moved up.
constexpr int most_open_levels = 32;

}  // namespace

std::string HostTree::fresh_name() { return std::to_string(staged_.fetch_add(1)); }

VfsResult<StagedFile> HostTree::stage() {
  std::string name = fresh_name();
  Descriptor file(openat(staging_.get(), name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666));
  if (!file) {
    return io_error(errno);
  }
  return StagedFile(staging_.get(), std::move(name), std::move(file));
}

VfsResult<void> HostTree::link_staged(const StagedFile& staged, int directory, const std::string& path) {
  std::string name = fresh_name();
  if (linkat(staging_.get(), staged.name().c_str(), staging_.get(), name.c_str(), 0) != 0) {
    return io_error(errno);
  }
  if (renameat(staging_.get(), name.c_str(), directory, path.c_str()) != 0) {
    const int number = errno;
    unlinkat(staging_.get(), name.c_str(), 0);
    return io_error(number);
  }
  return {};
}

VfsResult<Usage> HostTree::remove_tree(const VfsPath& path) {
  auto place = place_of(path);
  if (!place) {
    return std::unexpected(place.error());
  }
  auto status = look(*place);
  if (!status) {
    return std::unexpected(status.error());
  }
  if (!*status) {
    return io_error(ENOENT);
  }
  if (S_ISLNK((*status)->st_mode)) {
    auto removed = remove_file(path);
    return removed ? VfsResult<Usage>(usage_of(**status)) : std::unexpected(removed.error());
  }
  if (!S_ISDIR((*status)->st_mode)) {
    return io_error(ENOTDIR);
  }
  std::string name = fresh_name();
  if (renameat(place->directory.get(), place->name.c_str(), staging_.get(), name.c_str()) == 0) {
    unflushed_->directory_changed(place->directory.get());
    // For everybody else it is gone. What cannot be deleted now is tried again when the node starts.
    auto usage = measure(staging_.get(), name);
    (void)destroy(staging_.get(), name);
    return usage.value_or(Usage{});
  }
  if (errno != EXDEV && errno != EBUSY) {
    return io_error(errno);
  }
  auto usage = measure(place->directory.get(), place->name);  // on a disk of its own
  auto destroyed = destroy(place->directory.get(), place->name);
  return destroyed ? usage : std::unexpected(destroyed.error());
}

VfsResult<void> HostTree::destroy(int directory, const std::string& name) {
  std::vector<std::string> deeper;
  if (auto done = destroy_content(directory, name, 0, deeper); !done) {
    return done;
  }
  while (!deeper.empty()) {
    std::string next = std::move(deeper.back());
    deeper.pop_back();
    if (auto done = destroy_content(staging_.get(), next, 0, deeper); !done) {
      return done;
    }
  }
  return {};
}

VfsResult<void> HostTree::destroy_content(int directory, const std::string& name, int depth,
                                          std::vector<std::string>& deeper) {
  if (unlinkat(directory, name.c_str(), 0) == 0 || errno == ENOENT) {
    return {};
  }
  if (errno != EISDIR && errno != EPERM) {
    return io_error(errno);
  }
  if (depth == most_open_levels) {
    std::string moved = fresh_name();
    if (renameat(directory, name.c_str(), staging_.get(), moved.c_str()) != 0) {
      return io_error(errno);
    }
    deeper.push_back(std::move(moved));
    return {};
  }
  Descriptor inside(openat(directory, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!inside) {
    return io_error(errno);
  }
  // Names first: what a directory lists while it is emptied depends on the file system.
  std::vector<std::string> names;
  DirectoryStream stream(std::move(inside));
  while (const dirent* entry = stream.next()) {
    names.emplace_back(entry->d_name);
  }
  if (stream.error() != 0) {
    return io_error(stream.error());
  }
  for (const std::string& child : names) {
    if (auto done = destroy_content(stream.descriptor(), child, depth + 1, deeper); !done) {
      return done;
    }
  }
  if (unlinkat(directory, name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) {
    return io_error(errno);
  }
  return {};
}

void HostTree::empty_staging() {
  DirectoryStream stream(Descriptor(openat(staging_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)));
  std::vector<std::string> names;
  while (const dirent* entry = stream.next()) {
    names.emplace_back(entry->d_name);
  }
  // New names must not meet old ones that resist.
  for (const std::string& name : names) {
    staged_ = std::max<uint64_t>(staged_, std::strtoull(name.c_str(), nullptr, 10) + 1);
  }
  for (const std::string& name : names) {
    (void)destroy(staging_.get(), name);
  }
}

}  // namespace kinode::modules::vfs
