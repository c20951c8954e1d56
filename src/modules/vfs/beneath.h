// Opening what lies below a directory of the host, and nothing else (openat2 of Linux 5.6).
//
// Any thread.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "modules/vfs/descriptor.h"
#include "modules/vfs/vfs_error.h"

namespace kinode::modules::vfs {

/// Which symbolic links on the path are followed: those that stay below, or none.
enum class FollowLinks : uint8_t { within, never };

/// As openat(2), with O_CLOEXEC. A path that leads out of `directory`, by a link or otherwise, is an error, whatever
/// else changes the tree meanwhile.
VfsResult<Descriptor> open_beneath(int directory, const std::string& path, int flags, mode_t mode, FollowLinks links);

}  // namespace kinode::modules::vfs
