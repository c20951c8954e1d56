#include "backup/plain_folder.h"

#include <sys/stat.h>

namespace kinode::backup {
namespace {

namespace fs = std::filesystem;

/// A file that goes meanwhile is not in the snapshot. Its time of change is kept, so that restic knows it again.
Result<void> copy_one(const fs::directory_entry& from, const fs::path& to) {
  std::error_code error;
  if (from.is_symlink(error)) {
    fs::copy_symlink(from.path(), to, error);
  } else if (from.is_directory(error)) {
    fs::create_directory(to, error);
  } else if (from.is_regular_file(error)) {
    const fs::file_time_type changed = from.last_write_time(error);
    fs::copy_file(from.path(), to, error);
    if (!error) {
      fs::last_write_time(to, changed, error);
    }
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    return fail("cannot copy {}: {}", from.path().string(), error.message());
  }
  return {};
}

}  // namespace

Result<void> PlainFolder::Copy::complete() {
  std::error_code error;
  fs::create_directories(to_, error);
  fs::recursive_directory_iterator each(from_, error);
  for (const fs::recursive_directory_iterator end; !error && each != end; each.increment(error)) {
    if (Result<void> copied = copy_one(*each, to_ / each->path().lexically_relative(from_)); !copied) {
      return copied;
    }
  }
  return error && error != std::errc::no_such_file_or_directory
             ? Result<void>(fail("cannot copy {}: {}", from_.string(), error.message()))
             : Result<void>();
}

}  // namespace kinode::backup
