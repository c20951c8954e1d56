#include "wasm/component_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <vector>

#include "base/file.h"
#include "wasm/digest.h"

namespace kinode::wasm {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view extension = ".component";

Result<void> write_all(int file, std::string_view content) {
  while (!content.empty()) {
    ssize_t written = ::write(file, content.data(), content.size());
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written <= 0) {
      return fail("{}", std::strerror(errno));
    }
    content.remove_prefix(static_cast<size_t>(written));
  }
  return {};
}

Result<void> write_with_digest(int file, std::string_view content) {
  Sha256 digest;
  digest.add({reinterpret_cast<const uint8_t*>(content.data()), content.size()});
  Sha256::Value value = digest.finish();
  Result<void> written = write_all(file, content);
  if (written) {
    written = write_all(file, {reinterpret_cast<const char*>(value.data()), value.size()});
  }
  if (written && fdatasync(file) != 0) {
    written = fail("{}", std::strerror(errno));
  }
  return written;
}

// Whether the file of `size` bytes ends with the digest of what is before it.
bool is_whole(int file, size_t size) {
  Sha256::Value expected{};
  if (size < expected.size()) {
    return false;
  }
  Sha256 digest;
  std::array<uint8_t, 65536> piece;
  size_t left = size - expected.size();
  while (left > 0) {
    ssize_t count = read(file, piece.data(), std::min(piece.size(), left));
    if (count <= 0) {
      return false;
    }
    digest.add({piece.data(), static_cast<size_t>(count)});
    left -= static_cast<size_t>(count);
  }
  return read(file, expected.data(), expected.size()) == static_cast<ssize_t>(expected.size()) &&
         digest.finish() == expected;
}

// Closes itself.
struct Descriptor {
  explicit Descriptor(int opened) : number(opened) {}
  ~Descriptor() {
    if (number >= 0) {
      close(number);
    }
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  const int number;
};

}  // namespace

Result<ComponentFiles> ComponentFiles::open(fs::path folder, uint64_t limit) {
  if (folder.has_parent_path()) {
    std::error_code ignored;  // mkdir tells
    fs::create_directories(folder.parent_path(), ignored);
  }
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return fail("{}: {}", folder.string(), std::strerror(errno));
  }
  struct stat status{};
  if (lstat(folder.c_str(), &status) != 0) {
    return fail("{}: {}", folder.string(), std::strerror(errno));
  }
  if (Result<void> ours = check_ours(folder, status, S_IFDIR); !ours) {
    return std::unexpected(ours.error());
  }
  return ComponentFiles(std::move(folder), limit);
}

fs::path ComponentFiles::path(const std::string& digest, uint64_t compatibility_hash) const {
  return folder_ / fmt::format("{}-{:016x}{}", digest, compatibility_hash, extension);
}

Result<void> ComponentFiles::check(const fs::path& file) const {
  Descriptor opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat status{};
  if (opened.number < 0 || fstat(opened.number, &status) != 0) {
    return fail("{}: {}", file.string(), std::strerror(errno));
  }
  if (Result<void> ours = check_ours(file, status, S_IFREG); !ours) {
    return ours;
  }
  if (!is_whole(opened.number, static_cast<size_t>(status.st_size))) {
    return fail("{} is damaged", file.string());
  }
  futimens(opened.number, nullptr);
  return {};
}

Result<void> ComponentFiles::write(const fs::path& file, std::string_view content) const {
  static std::atomic<uint64_t> number = 0;
  fs::path beside = folder_ / fmt::format("{}.{}-{}.part", file.filename().string(), getpid(), ++number);
  Result<void> written;
  {
    Descriptor opened(::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (opened.number < 0) {
      return fail("{}: {}", beside.string(), std::strerror(errno));
    }
    written = write_with_digest(opened.number, content);
  }
  if (written && rename(beside.c_str(), file.c_str()) != 0) {
    written = fail("{}", std::strerror(errno));
  }
  if (!written) {
    unlink(beside.c_str());
    return std::unexpected(written.error().at(file.string()));
  }
  make_room(file);
  return {};
}

void ComponentFiles::make_room(const fs::path& keep) const {
  struct File {
    fs::path path;
    uint64_t size;
    fs::file_time_type used;
  };
  std::vector<File> files;
  uint64_t total = 0;
  auto old = fs::file_time_type::clock::now() - std::chrono::hours(1);
  std::error_code error;
  for (fs::directory_iterator at(folder_, error), end; !error && at != end; at.increment(error)) {
    std::error_code gone;
    File file{at->path(), at->file_size(gone), at->last_write_time(gone)};
    if (gone) {
      continue;
    }
    if (file.path.extension() == ".part" && file.used < old) {
      fs::remove(file.path, gone);  // of a node that ended while it wrote
    } else if (file.path.extension() == extension && file.path != keep) {
      files.push_back(file);
      total += file.size;
    }
  }
  total += fs::file_size(keep, error);
  std::ranges::sort(files, {}, &File::used);
  for (const File& file : files) {
    if (total <= limit_) {
      break;
    }
    if (fs::remove(file.path, error)) {
      total -= file.size;
    }
  }
}

}  // namespace kinode::wasm
