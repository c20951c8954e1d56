#include "modules/vfs/usage.h"

#include <fcntl.h>

#include <cerrno>

#include "modules/vfs/beneath.h"
#include "modules/vfs/walk.h"

namespace kinode::modules::vfs {

Usage usage_of(const struct stat& status) {
  return {.bytes = S_ISREG(status.st_mode) ? static_cast<int64_t>(status.st_size) : 0, .files = 1};
}

VfsResult<Usage> measure(int directory, const std::string& name) {
  struct stat status{};
  if (fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    return errno == ENOENT ? VfsResult<Usage>(Usage{}) : io_error(errno);
  }
  Usage usage = usage_of(status);
  if (!S_ISDIR(status.st_mode)) {
    return usage;
  }
  auto root = open_beneath(directory, name, O_PATH | O_DIRECTORY, 0, FollowLinks::never);
  if (!root) {
    return std::unexpected(root.error());
  }
  auto walked = walk(root->get(), [&usage](const Found& found) -> VfsResult<bool> {
    usage += usage_of(found.status);
    return true;
  });
  if (!walked) {
    return std::unexpected(walked.error());
  }
  return usage;
}

}  // namespace kinode::modules::vfs
