#include "kit/node_home.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

namespace kinode::kit {
namespace {

namespace fs = std::filesystem;

constexpr mode_t for_owner_alone = 0700;

std::string marker_of(const std::string& home) { return home + "/.kit-temporary"; }

std::unexpected<Error> in_use(const std::string& home) {
  return fail("another fake node uses {}; give this one a home of its own with --home", home);
}

/// Opens and locks the marker; -1 if there is none.
Result<int> lock_marker(const std::string& home, int flags) {
  const int file = ::open(marker_of(home).c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600);
  if (file < 0) {
    if (errno == ENOENT) {
      return -1;
    }
    return fail("cannot open {}: {}", marker_of(home), std::strerror(errno));
  }
  if (::flock(file, LOCK_EX | LOCK_NB) != 0) {
    ::close(file);
    return in_use(home);
  }
  return file;
}

/// Whether there is a folder; fails for anything else that cannot become a home.
Result<bool> look_at(const std::string& home) {
  struct stat info{};
  if (::lstat(home.c_str(), &info) != 0) {
    if (errno == ENOENT) {
      return false;
    }
    return fail("cannot look at {}: {}", home, std::strerror(errno));
  }
  if (!S_ISDIR(info.st_mode)) {
    return fail("{} is not a folder; give another home with --home", home);
  }
  if (info.st_uid != ::geteuid()) {
    return fail("{} belongs to another user; give another home with --home", home);
  }
  return true;
}

Result<void> make_folder(const std::string& home) {
  std::error_code error;
  const fs::path parent = fs::path(home).parent_path();
  if (!parent.empty()) {
    fs::create_directories(parent, error);
  }
  if (::mkdir(home.c_str(), for_owner_alone) != 0) {
    return fail("cannot make {}: {}", home, std::strerror(errno));
  }
  return {};
}

}  // namespace

Result<NodeHome> NodeHome::take(const std::string& path, bool persistent) {
  std::string home = fs::absolute(path).lexically_normal().string();
  while (home.size() > 1 && home.ends_with('/')) {
    home.pop_back();
  }
  auto exists = look_at(home);
  if (!exists) {
    return std::unexpected(exists.error());
  }
  if (*exists) {
    auto left_over = lock_marker(home, 0);
    if (!left_over) {
      return std::unexpected(left_over.error());
    }
    std::error_code error;
    if (*left_over >= 0) {
      if (persistent) {
        ::unlink(marker_of(home).c_str());
      } else {
        fs::remove_all(home, error);
        *exists = false;
      }
      ::close(*left_over);
    } else if (!persistent && !fs::is_empty(home, error)) {
      return fail(
          "{} has content that is not of a fake node, and would be removed at the end; give another home with "
          "--home, or keep this one with --persist",
          home);
    }
    if (error) {
      return fail("cannot empty {}: {}", home, error.message());
    }
  }
  if (!*exists) {
    if (auto made = make_folder(home); !made) {
      return std::unexpected(made.error());
    }
  }
  if (persistent) {
    return NodeHome(std::move(home), -1);
  }
  auto marker = lock_marker(home, O_CREAT);
  if (!marker) {
    return std::unexpected(marker.error());
  }
  return NodeHome(std::move(home), *marker);
}

NodeHome::NodeHome(NodeHome&& other) noexcept
    : path_(std::move(other.path_)), marker_(std::exchange(other.marker_, -1)) {}

NodeHome::~NodeHome() {
  if (marker_ >= 0) {
    std::error_code ignored;  // what stays has the marker, and goes at the next run
    fs::remove_all(path_, ignored);
    ::close(marker_);
  }
}

}  // namespace kinode::kit
