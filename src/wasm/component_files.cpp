#include "wasm/component_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <vector>

namespace kinode::wasm {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view extension = ".component";

// Nobody but our user may have written there.
Result<void> check_ours(const fs::path& path, mode_t kind) {
  struct stat status{};
  if (lstat(path.c_str(), &status) != 0) {
    return fail("{}: {}", path.string(), std::strerror(errno));
  }
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
  // What is renamed into place must be whole after a crash, too: the engine could not tell.
  if (fdatasync(file) != 0) {
    return fail("{}", std::strerror(errno));
  }
  return {};
}

}  // namespace

Result<ComponentFiles> ComponentFiles::open(fs::path folder, uint64_t limit) {
  if (folder.has_parent_path()) {
    std::error_code ignored;  // mkdir tells
    fs::create_directories(folder.parent_path(), ignored);
  }
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return fail("{}: {}", folder.string(), std::strerror(errno));
  }
  if (Result<void> ours = check_ours(folder, S_IFDIR); !ours) {
    return std::unexpected(ours.error());
  }
  return ComponentFiles(std::move(folder), limit);
}

fs::path ComponentFiles::path(const std::string& digest, uint64_t compatibility_hash) const {
  return folder_ / fmt::format("{}-{:016x}{}", digest, compatibility_hash, extension);
}

Result<void> ComponentFiles::check(const fs::path& file) const {
  Result<void> ours = check_ours(file, S_IFREG);
  if (ours) {
    utimensat(AT_FDCWD, file.c_str(), nullptr, AT_SYMLINK_NOFOLLOW);
  }
  return ours;
}

Result<void> ComponentFiles::write(const fs::path& file, std::string_view content) const {
  static std::atomic<uint64_t> number = 0;
  fs::path beside = folder_ / fmt::format("{}.{}-{}.part", file.filename().string(), getpid(), ++number);
  int descriptor = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0) {
    return fail("{}: {}", beside.string(), std::strerror(errno));
  }
  Result<void> written = write_all(descriptor, content);
  close(descriptor);
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
