#include "modules/vfs/captures.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <iterator>
#include <numeric>

#include "modules/vfs/file_io.h"

namespace kinode::modules::vfs {

Captures::Ticket Captures::add(Shared shared) {
  std::lock_guard lock(mutex_);
  ++live_;
  return shared_.insert(shared_.end(), std::move(shared));
}

void Captures::remove(Ticket ticket) {
  {
    std::unique_lock lock(mutex_);
    // A copy under way uses the snapshot's folder.
    copied_.wait(lock, [this] { return being_copied_.empty(); });
    ticket->is_read = false;  // nobody changes its names any more
  }
  for (const auto& [inode, path] : ticket->names) {
    unlinkat(ticket->folder.get(), path.c_str(), 0);
  }
  std::lock_guard lock(mutex_);
  shared_.erase(ticket);
  --live_;
}

std::vector<Captures::Name> Captures::names_to_copy(const Inode& inode) const {
  std::vector<Name> all;
  for (const Shared& shared : shared_) {
    if (shared.is_read) {
      const auto [begin, end] = shared.names.equal_range(inode);
      std::transform(begin, end, std::back_inserter(all),
                     [&shared](const auto& name) { return Name{shared.folder.get(), name.second}; });
    }
  }
  return all;
}

uint64_t Captures::names_of(const struct stat& status) const {
  if (live_ == 0) {
    return 0;
  }
  std::lock_guard lock(mutex_);
  return std::accumulate(shared_.begin(), shared_.end(), uint64_t{0}, [&](uint64_t sum, const Shared& shared) {
    return sum + shared.names.count(Inode::of(status));
  });
}

VfsResult<void> Captures::before_change(int file) {
  if (live_ == 0) {
    return {};
  }
  struct stat status{};
  if (fstat(file, &status) != 0) {
    return io_error(errno);
  }
  const Inode inode = Inode::of(status);
  std::unique_lock lock(mutex_);
  copied_.wait(lock, [&] { return !being_copied_.contains(inode); });
  const std::vector<Name> shared = names_to_copy(inode);
  if (shared.empty()) {
    return {};
  }
  being_copied_.insert(inode);
  lock.unlock();
  auto copied = give_copy(file, shared);
  lock.lock();
  if (copied) {
    for (Shared& snapshot : shared_) {
      if (snapshot.is_read) {
        snapshot.names.erase(inode);
      }
    }
  }
  being_copied_.erase(inode);
  lock.unlock();
  copied_.notify_all();
  if (!copied) {
    return std::unexpected(
        VfsError{VfsError::Kind::io_error,
                 fmt::format("the file is part of a snapshot that is being read, and it cannot be copied for that "
                             "before it is changed: {}",
                             copied.error().text),
                 copied.error().number,
                 {}});
  }
  return {};
}

VfsResult<void> Captures::put(const StagedFile& copy, const Name& name) {
  const size_t slash = name.path.rfind('/');
  const std::string parent = slash == std::string::npos ? "." : name.path.substr(0, slash);
  struct stat before{};
  if (fstatat(name.folder, parent.c_str(), &before, AT_SYMLINK_NOFOLLOW) != 0) {
    return io_error(errno);
  }
  auto placed = tree_.link_staged(copy, name.folder, name.path);
  // The directory's time is part of the snapshot.
  const std::array<struct timespec, 2> times{before.st_atim, before.st_mtim};
  if (placed && utimensat(name.folder, parent.c_str(), times.data(), AT_SYMLINK_NOFOLLOW) != 0) {
    return io_error(errno);
  }
  return placed;
}

VfsResult<void> Captures::give_copy(int file, const std::vector<Name>& names) {
  struct stat status{};
  if (fstat(file, &status) != 0) {
    return io_error(errno);
  }
  // The descriptor may be for writing alone.
  Descriptor source(open(fmt::format("/proc/self/fd/{}", file).c_str(), O_RDONLY | O_CLOEXEC));
  if (!source) {
    return io_error(errno);
  }
  auto copy = tree_.stage();
  if (!copy) {
    return std::unexpected(copy.error());
  }
  if (auto copied = copy_content(source.get(), copy->file().get()); !copied) {
    return copied;
  }
  const std::array<struct timespec, 2> times{status.st_atim, status.st_mtim};
  if (fchmod(copy->file().get(), status.st_mode & 07777) != 0 || futimens(copy->file().get(), times.data()) != 0) {
    return io_error(errno);
  }
  // In each place it takes the shared name's place at once: whoever reads the snapshot finds the same content.
  for (const Name& name : names) {
    if (auto placed = put(*copy, name); !placed && placed.error().number != ENOENT) {
      return placed;
    }
  }
  return {};
}

}  // namespace kinode::modules::vfs
