#include "modules/state/home_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

namespace kinode::modules {
namespace {

std::string errno_text() { return std::generic_category().message(errno); }

/// What the holder wrote into the lock: its process id. Empty where that cannot be read.
std::string holder_of(int file) {
  std::array<char, 32> text{};
  ssize_t size = pread(file, text.data(), text.size(), 0);
  std::string holder(text.data(), size > 0 ? static_cast<size_t>(size) : 0);
  return holder.substr(0, holder.find('\n'));
}

}  // namespace

Result<HomeLock> HomeLock::take(const std::filesystem::path& home) {
  std::error_code error;
  std::filesystem::create_directories(home, error);
  if (error) {
    return fail("cannot make the home {}: {}. Give a home that this user may write to", home.string(), error.message());
  }
  std::filesystem::path path = home / ".lock";
  int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) {
    return fail("cannot open {}: {}. Give a home that this user may write to", path.string(), errno_text());
  }
  HomeLock lock(file);
  if (flock(file, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) {
      return fail("cannot lock {}: {}. A home must be on a file system that has locks", path.string(), errno_text());
    }
    std::string holder = holder_of(file);
    return fail("the home {} is in use by another node{}. Stop that one, or give this one a home of its own",
                home.string(), holder.empty() ? "" : fmt::format(" (process {})", holder));
  }
  std::string own = std::to_string(getpid()) + "\n";
  // Only a help for the person who reads the error above; the lock does not need it.
  if (ftruncate(file, 0) == 0) {
    [[maybe_unused]] ssize_t written = pwrite(file, own.data(), own.size(), 0);
  }
  return lock;
}

HomeLock::HomeLock(HomeLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}

HomeLock& HomeLock::operator=(HomeLock&& other) noexcept {
  std::swap(file_, other.file_);
  return *this;
}

HomeLock::~HomeLock() {
  if (file_ >= 0) {
    close(file_);
  }
}

}  // namespace kinode::modules
