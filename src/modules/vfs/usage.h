// How much there is of files.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <string>

#include "modules/vfs/vfs_error.h"

namespace kinode::modules::vfs {

/// What there is, or by how much it changes. A file counts with its length, also where that is a hole; a directory or a
/// link as a file of no bytes; each name for itself.
struct Usage {
  int64_t bytes = 0;
  /// Files, directories and links.
  int64_t files = 0;

  Usage& operator+=(const Usage& more) {
    bytes += more.bytes;
    files += more.files;
    return *this;
  }
  friend Usage operator-(const Usage& a, const Usage& b) { return {a.bytes - b.bytes, a.files - b.files}; }
  friend bool operator==(const Usage&, const Usage&) = default;
};

/// Of one name, without what is below it.
Usage usage_of(const struct stat& status);

/// Of `name` in `directory` and all below it, by a walk; nothing where it is not there.
VfsResult<Usage> measure(int directory, const std::string& name);

}  // namespace kinode::modules::vfs
