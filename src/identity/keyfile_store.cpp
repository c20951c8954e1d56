#include "identity/keyfile_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "identity/sealed_keyfile.h"

namespace kinode::identity {
namespace {

namespace fs = std::filesystem;

fs::path keyfile_path(const fs::path& home) { return home / ".keys"; }

std::unexpected<Error> system_failure(std::string_view what, const fs::path& path) {
  return fail("{} {}: {}", what, path.string(), std::strerror(errno));
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

/// Up to the end, or until there are more than `limit` bytes.
Result<std::string> read_all(const Descriptor& file, const fs::path& path, size_t limit) {
  std::string content;
  char part[16384];
  while (content.size() <= limit) {
    const ssize_t size = ::read(file.number(), part, sizeof part);
    if (size < 0 && errno == EINTR) {
      continue;
    }
    if (size < 0) {
      return system_failure("cannot read", path);
    }
    if (size == 0) {
      break;
    }
    content.append(part, static_cast<size_t>(size));
  }
  return content;
}

Result<void> write_all(const Descriptor& file, const fs::path& path, std::string_view content) {
  while (!content.empty()) {
    const ssize_t size = ::write(file.number(), content.data(), content.size());
    if (size < 0 && errno == EINTR) {
      continue;
    }
    if (size < 0) {
      return system_failure("cannot write", path);
    }
    content.remove_prefix(static_cast<size_t>(size));
  }
  return {};
}

/// A new file that nobody else may read, with this content on the disk.
Result<void> write_new(const fs::path& path, std::string_view content) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) {  // of a writer that did not end
    return system_failure("cannot remove", path);
  }
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file.is_open()) {
    return system_failure("cannot make", path);
  }
  if (Result<void> written = write_all(file, path, content); !written) {
    return written;
  }
  // The mode again: a umask may have taken from it.
  if (::fchmod(file.number(), 0600) != 0 || ::fsync(file.number()) != 0) {
    return system_failure("cannot write", path);
  }
  return {};
}

Result<void> sync_folder(const fs::path& folder) {
  const Descriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened.is_open() || ::fsync(opened.number()) != 0) {
    return system_failure("cannot write", folder);
  }
  return {};
}

/// The error, if something other than a file is at the keyfile's place.
Result<void> check_place(const fs::path& path) {
  struct stat found{};
  if (::lstat(path.c_str(), &found) != 0) {
    return errno == ENOENT ? Result<void>() : system_failure("cannot look at", path);
  }
  if (!S_ISREG(found.st_mode)) {
    return fail("{} is no file but a link, folder or device: put the keyfile itself there", path.string());
  }
  return {};
}

}  // namespace

Result<std::optional<Bytes>> read_keyfile(const fs::path& home) {
  const fs::path path = keyfile_path(home);
  if (Result<void> place = check_place(path); !place) {
    return std::unexpected(place.error());
  }
  // It may have been exchanged since: no link is followed, and no pipe waited for.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file.is_open()) {
    return errno == ENOENT ? Result<std::optional<Bytes>>(std::nullopt) : system_failure("cannot open", path);
  }
  Result<std::string> content = read_all(file, path, max_keyfile_size);
  if (!content) {
    return std::unexpected(content.error());
  }
  if (content->size() > max_keyfile_size) {
    return fail("{} has more than {} bytes: this is no keyfile", path.string(), max_keyfile_size);
  }
  return Bytes::from(std::move(*content));
}

Result<void> write_keyfile(const fs::path& home, const Bytes& file) {
  const fs::path path = keyfile_path(home);
  const fs::path fresh = home / ".keys.new";
  if (Result<void> place = check_place(path); !place) {
    return place;
  }
  Result<void> written = write_new(fresh, file.text());
  if (written && ::rename(fresh.c_str(), path.c_str()) != 0) {
    written = system_failure("cannot replace", path);
  }
  if (!written) {
    ::unlink(fresh.c_str());
    return written;
  }
  return sync_folder(home);
}

}  // namespace kinode::identity
