#include "modules/vfs/file_io.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>

namespace kinode::modules::vfs {
namespace {

constexpr uint64_t most_offset = std::numeric_limits<off_t>::max();
constexpr size_t copy_step = size_t{64} << 20U;

/// Up to `end`, or to where the file ends by now.
VfsResult<void> copy_range(int from, int to, off_t offset, off_t end) {
  if (lseek(to, offset, SEEK_SET) < 0) {
    return io_error(errno);
  }
  while (offset < end) {
    ssize_t moved = sendfile(to, from, &offset, std::min(copy_step, static_cast<size_t>(end - offset)));
    if (moved < 0 && errno == EINTR) {
      continue;
    }
    if (moved < 0) {
      return io_error(errno);
    }
    if (moved == 0) {
      break;
    }
  }
  return {};
}

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
  if (ioctl(to, FICLONE, from) == 0) {
    return {};
  }
  auto length = file_length(from);
  if (!length) {
    return std::unexpected(length.error());
  }
  const auto end = static_cast<off_t>(*length);
  for (off_t at = 0; at < end;) {
    const off_t data = lseek(from, at, SEEK_DATA);
    if (data < 0 && errno == ENXIO) {
      break;  // the rest is a hole
    }
    const off_t hole = data < 0 ? -1 : lseek(from, data, SEEK_HOLE);
    if (hole < 0) {
      return io_error(errno);
    }
    if (auto copied = copy_range(from, to, data, std::min(hole, end)); !copied) {
      return copied;
    }
    at = hole;
  }
  return ftruncate(to, end) == 0 ? VfsResult<void>() : io_error(errno);
}

VfsResult<void> write_out(int file) {
  // What the device was given before is flushed with the file system's next commit, which has the new name.
  constexpr unsigned wait = SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
  if (sync_file_range(file, 0, 0, wait) != 0 && errno != ENOSYS && errno != EINVAL) {
    return io_error(errno);
  }
  return {};
}

}  // namespace kinode::modules::vfs
