#include "modules/state/home_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <sstream>
#include <string>
#include <system_error>
#include <utility>

namespace kinode::modules {
namespace {

std::string errno_text() { return std::generic_category().message(errno); }

/// What the holder wrote into the lock: its process id, and its port. Empty where that cannot be read.
struct Holder {
  std::string process;
  std::string port;
};

Holder holder_of(int file) {
  std::array<char, 32> text{};
  ssize_t size = pread(file, text.data(), text.size(), 0);
  std::istringstream lines(std::string(text.data(), size > 0 ? static_cast<size_t>(size) : 0));
  Holder holder;
  std::getline(lines, holder.process);
  std::getline(lines, holder.port);
  return holder;
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
    std::string holder = holder_of(file).process;
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

void HomeLock::publish_port(uint16_t port) const {
  std::string text = fmt::format("{}\n{}\n", getpid(), port);
  [[maybe_unused]] ssize_t written = pwrite(file_, text.data(), text.size(), 0);
}

Result<uint16_t> HomeLock::port_of_node(const std::filesystem::path& home) {
  std::filesystem::path path = home / ".lock";
  HomeLock lock(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (lock.file_ < 0) {
    return fail("cannot open {}: {}. Give the home of a node of this user", path.string(), errno_text());
  }
  // A shared lock, and for a moment: a node that starts now must find its home free.
  if (flock(lock.file_, LOCK_SH | LOCK_NB) == 0) {
    return fail("no node runs on {}. Start it with `kinode {}`", home.string(), home.string());
  }
  std::string text = holder_of(lock.file_).port;
  uint16_t port = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) {
    return fail("the node on {} has no port yet: it is starting. Try again", home.string());
  }
  return port;
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
