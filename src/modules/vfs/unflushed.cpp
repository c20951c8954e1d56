#include "modules/vfs/unflushed.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <system_error>

#include "base/file.h"

namespace kinode::modules::vfs {
namespace {

/// Of so many files and directories each is flushed; beyond, all that the file system holds. Each is a descriptor.
constexpr size_t most_files = 64;
/// So many bytes may wait for the next flush; whoever writes beyond flushes what it wrote.
constexpr uint64_t most_bytes = uint64_t{16} << 20U;

/// A file that was replaced or removed since: nobody will miss it.
bool has_no_name(int file) {
  struct stat status{};
  return fstat(file, &status) == 0 && S_ISREG(status.st_mode) && status.st_nlink == 0;
}

std::string path_of(int file) {
  std::array<char, 4096> path{};
  ssize_t length = readlink(("/proc/self/fd/" + std::to_string(file)).c_str(), path.data(), path.size());
  return length > 0 ? std::string(path.data(), static_cast<size_t>(length)) : "a file";
}

Error lost(int file, int number) { return lost_writes(path_of(file), std::generic_category().message(number)); }

}  // namespace

bool Unflushed::file_changed(int file, uint64_t bytes) {
  std::lock_guard lock(mutex_);
  note(file);
  bytes_ += bytes;
  if (bytes_ < most_bytes) {
    return false;
  }
  bytes_ = 0;
  return true;
}

void Unflushed::directory_changed(int directory) {
  std::lock_guard lock(mutex_);
  note(directory);
}

void Unflushed::note(int file) {
  struct stat status{};
  if (too_many_) {
    return;
  }
  if (fstat(file, &status) != 0) {
    too_many_ = true;
    return;
  }
  const Inode inode{status.st_dev, status.st_ino};
  if (changed_.contains(inode)) {
    return;
  }
  if (changed_.size() >= most_files) {
    std::erase_if(changed_, [](const auto& entry) { return has_no_name(entry.second.get()); });
  }
  Descriptor kept;
  if (changed_.size() < most_files) {
    // A directory is reopened: an O_PATH descriptor cannot be flushed.
    kept = Descriptor(S_ISDIR(status.st_mode) ? openat(file, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
                                              : fcntl(file, F_DUPFD_CLOEXEC, 0));
  }
  if (kept) {
    changed_.emplace(inode, std::move(kept));
  } else {
    too_many_ = true;
  }
}

bool Unflushed::is_flushed() {
  std::lock_guard one_at_a_time(flushing_);
  std::lock_guard lock(mutex_);
  return changed_.empty() && !too_many_ && !failure_;
}

Result<void> Unflushed::flush() {
  std::lock_guard one_at_a_time(flushing_);
  std::map<Inode, Descriptor> changed;
  bool all = false;
  {
    std::lock_guard lock(mutex_);
    if (failure_) {
      return std::unexpected(*failure_);
    }
    changed = std::exchange(changed_, {});
    all = std::exchange(too_many_, false);
    bytes_ = 0;
  }
  std::optional<Error> failure;
  if (all && syncfs(directory_.get()) != 0) {
    failure = lost(directory_.get(), errno);
  }
  for (const auto& [inode, file] : changed) {
    if (!all && !has_no_name(file.get()) && fsync(file.get()) != 0 && !failure) {
      failure = lost(file.get(), errno);
    }
  }
  return failure ? std::unexpected(keep(std::move(*failure))) : Result<void>();
}

VfsResult<void> Unflushed::flush_file(int file) {
  if (fsync(file) == 0) {
    return {};
  }
  const int number = errno;
  keep(lost(file, number));
  return io_error(number);
}

Error Unflushed::keep(Error failure) {
  std::lock_guard lock(mutex_);
  if (!failure_) {
    failure_ = std::move(failure);
  }
  return *failure_;
}

}  // namespace kinode::modules::vfs
