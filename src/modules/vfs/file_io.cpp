#include "modules/vfs/file_io.h"

#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <limits>

namespace kinode::modules::vfs {
namespace {

constexpr uint64_t most_offset = std::numeric_limits<off_t>::max();
constexpr size_t copy_step = size_t{64} << 20U;

}  // namespace

VfsResult<uint64_t> file_length(int file) {
  struct stat status{};
  if (fstat(file, &status) != 0) {
    return io_error(errno);
  }
  return static_cast<uint64_t>(status.st_size);
}

VfsResult<size_t> read_at(int file, std::span<uint8_t> into, uint64_t offset) {
  size_t done = 0;
  while (done < into.size()) {
    ssize_t got = pread(file, into.data() + done, into.size() - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return io_error(errno);
    }
    if (got == 0) {
      break;
    }
    done += static_cast<size_t>(got);
  }
  return done;
}

VfsResult<void> write_at(int file, std::span<const uint8_t> bytes, uint64_t offset, uint64_t* written) {
  if (offset > most_offset - bytes.size()) {
    return io_error(EFBIG);
  }
  size_t done = 0;
  while (done < bytes.size()) {
    ssize_t put = pwrite(file, bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
    if (put < 0 && errno == EINTR) {
      continue;
    }
    if (put < 0) {
      return io_error(errno);
    }
    done += static_cast<size_t>(put);
    if (written != nullptr) {
      *written = done;
    }
  }
  return {};
}

VfsResult<void> copy_content(int from, int to) {
  if (lseek(to, 0, SEEK_SET) < 0) {
    return io_error(errno);
  }
  off_t offset = 0;
  while (true) {
    ssize_t moved = sendfile(to, from, &offset, copy_step);
    if (moved < 0 && errno == EINTR) {
      continue;
    }
    if (moved < 0) {
      return io_error(errno);
    }
    if (moved == 0) {
      return {};
    }
  }
}

}  // namespace kinode::modules::vfs
