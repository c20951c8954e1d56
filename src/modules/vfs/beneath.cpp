#include "modules/vfs/beneath.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace kinode::modules::vfs {

VfsResult<Descriptor> open_beneath(int directory, const std::string& path, int flags, mode_t mode, FollowLinks links) {
  struct open_how how_to{};
  how_to.flags = static_cast<uint64_t>(flags | O_CLOEXEC);
  how_to.mode = mode;
  how_to.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  if (links == FollowLinks::never) {
    how_to.resolve |= RESOLVE_NO_SYMLINKS;
  }
  // Tried again while something renames directories under its feet.
  for (int attempt = 0; attempt < 128; ++attempt) {
    int number = static_cast<int>(syscall(SYS_openat2, directory, path.c_str(), &how_to, sizeof how_to));
    if (number >= 0) {
      return Descriptor(number);
    }
    if (errno != EAGAIN && errno != EINTR) {
      break;
    }
  }
  if (errno == EXDEV) {
    return std::unexpected(VfsError{VfsError::Kind::io_error,
                                    fmt::format("a link on the path leads out of its drive (os error {})", EXDEV),
                                    EXDEV,
                                    {}});
  }
  return io_error(errno);
}

}  // namespace kinode::modules::vfs
