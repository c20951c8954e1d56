// All that is below a directory of the host, however deep, with few files open. Links are not followed.
#pragma once

#include <sys/stat.h>

#include <functional>
#include <string>

#include "modules/vfs/vfs_error.h"

namespace kinode::modules::vfs {

struct Found {
  /// The directory it is in. Open during the call.
  int directory;
  const std::string& name;
  /// From where the walk began: "folder/name".
  const std::string& path;
  const struct stat& status;
};

/// `visit` says of a directory whether to go into it; it is called before for the directory itself. What vanishes
/// meanwhile is left out. Fails as `visit` does, and where a directory cannot be read. Waits for the disk.
VfsResult<void> walk(int directory, const std::function<VfsResult<bool>(const Found&)>& visit);

}  // namespace kinode::modules::vfs
