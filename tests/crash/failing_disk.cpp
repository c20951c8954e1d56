// A disk that fails, to be preloaded into a program (LD_PRELOAD). It counts the calls that change what lies in a
// folder, and from a given one on refuses them:
//
//   FAILING_DISK_FOLDER  the folder; what lies elsewhere is not touched
//   FAILING_DISK_AT      number of the first call that is refused, counted from 1
//   FAILING_DISK_CALLS   how many are refused; none: all from there on
//   FAILING_DISK_ERROR   `full` (ENOSPC; a flush still works, and does not count) or `broken` (EIO)
//
// The first refusal is said on standard error: `failing_disk: call N is refused`.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace {

uint64_t number(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

struct Plan {
  const char* folder = std::getenv("FAILING_DISK_FOLDER");
  uint64_t first = number("FAILING_DISK_AT", UINT64_MAX);
  uint64_t calls = number("FAILING_DISK_CALLS", UINT64_MAX);
  bool full =
      std::getenv("FAILING_DISK_ERROR") != nullptr && std::string_view(std::getenv("FAILING_DISK_ERROR")) == "full";
};

const Plan& plan() {
  static const Plan it;
  return it;
}

std::atomic<uint64_t> calls_made = 0;

bool is_in_folder(const char* path) {
  const char* folder = plan().folder;
  return folder != nullptr && std::string_view(path).starts_with(folder);
}

bool is_in_folder(int descriptor) {
  char link[64];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  char path[PATH_MAX];
  const ssize_t size = ::readlink(link, path, sizeof path - 1);
  if (size <= 0) {
    return false;
  }
  path[size] = '\0';
  return is_in_folder(path);
}

enum class Change : uint8_t { data, flush };

/// Whether this call, which changes what lies in the folder, is refused; then errno is set.
bool is_refused(Change change) {
  const Plan& it = plan();
  if (it.full && change == Change::flush) {
    return false;
  }
  const uint64_t call = ++calls_made;
  if (call < it.first || call - it.first >= it.calls) {
    return false;
  }
  static std::atomic<bool> is_said = false;
  if (!is_said.exchange(true)) {
    char line[64];
    const int size = std::snprintf(line, sizeof line, "failing_disk: call %llu is refused\n", (unsigned long long)call);
    static const auto write_on = reinterpret_cast<ssize_t (*)(int, const void*, size_t)>(::dlsym(RTLD_NEXT, "write"));
    (void)!write_on(STDERR_FILENO, line, static_cast<size_t>(size));
  }
  errno = it.full ? ENOSPC : EIO;
  return true;
}

}  // namespace

/// Defines `name`, which goes on to the system's unless `where` (a descriptor or a path) is in the folder and the call
/// is refused.
#define INTERPOSE(result, name, parameters, arguments, where, change)                               \
  extern "C" result name parameters {                                                               \
    static const auto original = reinterpret_cast<result(*) parameters>(::dlsym(RTLD_NEXT, #name)); \
    if (is_in_folder(where) && is_refused(change)) {                                                \
      return -1;                                                                                    \
    }                                                                                               \
    return original arguments;                                                                      \
  }

INTERPOSE(ssize_t, write, (int file, const void* bytes, size_t size), (file, bytes, size), file, Change::data)
INTERPOSE(ssize_t, pwrite, (int file, const void* bytes, size_t size, off_t at), (file, bytes, size, at), file,
          Change::data)
INTERPOSE(ssize_t, pwrite64, (int file, const void* bytes, size_t size, off64_t at), (file, bytes, size, at), file,
          Change::data)
INTERPOSE(ssize_t, writev, (int file, const iovec* parts, int count), (file, parts, count), file, Change::data)
INTERPOSE(ssize_t, pwritev, (int file, const iovec* parts, int count, off_t at), (file, parts, count, at), file,
          Change::data)
INTERPOSE(ssize_t, pwritev64, (int file, const iovec* parts, int count, off64_t at), (file, parts, count, at), file,
          Change::data)
INTERPOSE(ssize_t, copy_file_range, (int from, off64_t* from_at, int to, off64_t* to_at, size_t size, unsigned flags),
          (from, from_at, to, to_at, size, flags), to, Change::data)
INTERPOSE(int, ftruncate, (int file, off_t size), (file, size), file, Change::data)
INTERPOSE(int, ftruncate64, (int file, off64_t size), (file, size), file, Change::data)
INTERPOSE(int, fsync, (int file), (file), file, Change::flush)
INTERPOSE(int, fdatasync, (int file), (file), file, Change::flush)
INTERPOSE(int, syncfs, (int file), (file), file, Change::flush)
INTERPOSE(int, rename, (const char* from, const char* to), (from, to), to, Change::data)
INTERPOSE(int, renameat, (int from_folder, const char* from, int to_folder, const char* to),
          (from_folder, from, to_folder, to), to_folder, Change::data)
INTERPOSE(int, renameat2, (int from_folder, const char* from, int to_folder, const char* to, unsigned flags),
          (from_folder, from, to_folder, to, flags), to_folder, Change::data)
INTERPOSE(int, linkat, (int from_folder, const char* from, int to_folder, const char* to, int flags),
          (from_folder, from, to_folder, to, flags), to_folder, Change::data)
INTERPOSE(int, mkdir, (const char* path, mode_t mode), (path, mode), path, Change::data)
INTERPOSE(int, mkdirat, (int folder, const char* path, mode_t mode), (folder, path, mode), folder, Change::data)
