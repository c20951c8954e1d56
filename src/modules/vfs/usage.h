// How much there is of files.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <limits>
#include <string>

#include "modules/vfs/vfs_error.h"

namespace kinode::modules::vfs {

/// What there is, or by how much it changes. A file counts with its length, also where that is a hole; a directory or a
/// link as a file of no bytes; each name for itself.
struct Usage {
  int64_t bytes = 0;
  /// Files, directories and links.
  int64_t files = 0;

  /// What is too much to be counted is as much as can be: of holes there may be any number of bytes.
  Usage& operator+=(const Usage& more) {
    bytes = sum(bytes, more.bytes);
    files = sum(files, more.files);
    return *this;
  }
  friend Usage operator-(const Usage& a, const Usage& b) { return {a.bytes - b.bytes, a.files - b.files}; }
  friend bool operator==(const Usage&, const Usage&) = default;

 private:
  static int64_t sum(int64_t a, int64_t b) {
    int64_t sum = 0;
    const bool is_too_much = __builtin_add_overflow(a, b, &sum);
    return !is_too_much ? sum : a < 0 ? std::numeric_limits<int64_t>::min() : std::numeric_limits<int64_t>::max();
  }
};

/// Of one name, without what is below it.
Usage usage_of(const struct stat& status);

/// Of `name` in `directory` and all below it, by a walk; nothing where it is not there.
VfsResult<Usage> measure(int directory, const std::string& name);

}  // namespace kinode::modules::vfs
