// The names in a directory of the host, but for `.` and `..`.
#pragma once

#include <dirent.h>

#include <cerrno>
#include <cstring>

#include "modules/vfs/descriptor.h"

namespace kinode::modules::vfs {

class DirectoryStream {
 public:
  explicit DirectoryStream(Descriptor directory) : stream_(fdopendir(directory.get())) {
    if (stream_ != nullptr) {
      directory.release();
    } else {
      error_ = errno;
    }
  }
  ~DirectoryStream() {
    if (stream_ != nullptr) {
      closedir(stream_);
    }
  }
  DirectoryStream(const DirectoryStream&) = delete;
  DirectoryStream& operator=(const DirectoryStream&) = delete;

  /// Null at the end and after an error. Valid until the next call.
  const dirent* next() {
    while (stream_ != nullptr) {
      errno = 0;
      const dirent* entry = readdir(stream_);
      if (entry == nullptr) {
        error_ = errno;
        return nullptr;
      }
      if (std::strcmp(entry->d_name, ".") != 0 && std::strcmp(entry->d_name, "..") != 0) {
        return entry;
      }
    }
    return nullptr;
  }
  [[nodiscard]] int error() const { return error_; }
  [[nodiscard]] int descriptor() const { return dirfd(stream_); }

 private:
  DIR* stream_;
  int error_ = 0;
};

}  // namespace kinode::modules::vfs
