#include "base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <system_error>

namespace kinode {
namespace {

namespace fs = std::filesystem;

std::unexpected<Error> failed(std::string_view what, const fs::path& path, int reason = errno) {
  return fail("cannot {} {}: {}", what, path.string(), std::generic_category().message(reason));
}

std::unexpected<Error> is_no_file(const fs::path& path) {
  return fail("{} is no file but a link, folder or device: put the file itself there", path.string());
}

/// An open file.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) {
      ::close(number_);
    }
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] bool is_open() const { return number_ >= 0; }
  [[nodiscard]] int number() const { return number_; }

 private:
  int number_;
};

/// False, with errno, if not all of it is on the disk.
bool write_all(const Descriptor& file, std::string_view content) {
  while (!content.empty()) {
    const ssize_t size = ::write(file.number(), content.data(), content.size());
    if (size < 0 && errno != EINTR) {
      return false;
    }
    content.remove_prefix(size < 0 ? 0 : static_cast<size_t>(size));
  }
  return ::fsync(file.number()) == 0;
}

/// Gives the draft its name, for good.
bool publish(const std::string& draft, const fs::path& path, Existing existing) {
  const unsigned flags = existing == Existing::replaced ? 0 : RENAME_NOREPLACE;
  if (::renameat2(AT_FDCWD, draft.c_str(), AT_FDCWD, path.c_str(), flags) != 0) {
    return false;
  }
  const Descriptor folder(::open(fs::absolute(path).parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return folder.is_open() && ::fsync(folder.number()) == 0;
}

}  // namespace

Result<void> check_ours(const fs::path& path, const struct stat& status, mode_t kind) {
  if ((status.st_mode & S_IFMT) != kind) {
    return fail("{} is not a {}", path.string(), kind == S_IFDIR ? "folder" : "file");
  }
  if (status.st_uid != geteuid()) {
    return fail("{} belongs to user {}, not to user {} as whom the node runs", path.string(), status.st_uid, geteuid());
  }
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return fail("{} can be written to by others; to mend it: chmod go-w {}", path.string(), path.string());
  }
  return {};
}

Result<std::optional<std::string>> read_file(const fs::path& path, size_t most, Links links) {
  // A pipe would not be waited for, and what lies there is looked at only once it is open: it cannot be exchanged.
  const int flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC | (links == Links::refused ? O_NOFOLLOW : 0);
  const Descriptor file(::open(path.c_str(), flags));
  if (!file.is_open()) {
    if (errno == ENOENT) {
      return std::nullopt;
    }
    return errno == ELOOP ? is_no_file(path) : failed("open", path);
  }
  struct stat found{};
  if (::fstat(file.number(), &found) != 0 || !S_ISREG(found.st_mode)) {
    return is_no_file(path);
  }
  std::string content;
  char part[16'384];
  while (true) {
    const ssize_t size = ::read(file.number(), part, std::min(sizeof part, most + 1 - content.size()));
    if (size < 0 && errno == EINTR) {
      continue;
    }
    if (size < 0) {
      return failed("read", path);
    }
    if (size == 0) {
      return content;
    }
    content.append(part, static_cast<size_t>(size));
    if (content.size() > most) {
      return fail("{} has more than {} bytes", path.string(), most);
    }
  }
}

Result<void> write_private_file(const fs::path& path, std::string_view content, Existing existing) {
  struct stat found{};
  if (::lstat(path.c_str(), &found) == 0 && !S_ISREG(found.st_mode)) {
    return is_no_file(path);
  }
  std::string draft = path.string() + ".XXXXXX";
  const Descriptor file(::mkostemp(draft.data(), O_CLOEXEC));  // a new one, which no link leads to
  if (!file.is_open()) {
    return failed("write", path);
  }
  // The mode again: a umask may have taken from it.
  if (::fchmod(file.number(), 0600) == 0 && write_all(file, content) && publish(draft, path, existing)) {
    return {};
  }
  const int reason = errno;
  ::unlink(draft.c_str());
  return reason == EEXIST ? fail("{} is there already", path.string()) : failed("write", path, reason);
}

Error lost_writes(const fs::path& path, std::string_view reason) {
  return {fmt::format(
      "{}: what was written may not be on the disk: {}. Nothing that may rest on it leaves the node any more: see to "
      "the disk, then start the node again",
      path.string(), reason)};
}

}  // namespace kinode
