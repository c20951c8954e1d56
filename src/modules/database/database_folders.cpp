#include "modules/database/database_folders.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace kinode::modules::database {
namespace {

namespace fs = std::filesystem;

/// The names in a folder are on the disk when it returns.
std::error_code sync_folder(const fs::path& folder) {
  int file = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) {
    return {errno, std::generic_category()};
  }
  std::error_code error;
  if (fsync(file) != 0) {
    error = {errno, std::generic_category()};
  }
  close(file);
  return error;
}

/// Makes one folder in another, if it is not there, and sees it to the disk.
std::error_code make_folder(const fs::path& folder) {
  std::error_code error;
  if (fs::create_directory(folder, error)) {
    fs::permissions(folder, fs::perms::owner_all, error);
    return sync_folder(folder.parent_path());
  }
  return error;
}

/// The guest is told the system's words, the log the place too.
std::unexpected<DatabaseError> failed(std::string_view doing, const fs::path& path, const std::error_code& error) {
  return errors::io_error(fmt::format("cannot {} the database: {}", doing, error.message()),
                          fmt::format("cannot {} {}: {}", doing, path.string(), error.message()));
}

}  // namespace

Result<DatabaseFolders> DatabaseFolders::open(fs::path root, Limits limits) {
  DatabaseFolders folders(std::move(root), limits);
  std::error_code error = make_folder(folders.root_);
  if (!error) {
    fs::remove_all(folders.removed(), error);
  }
  if (error) {
    return fail("cannot use {}: {}. Give a home that this user may write to", folders.root_.string(), error.message());
  }
  return folders;
}

fs::path DatabaseFolders::path_of(const DatabaseId& database) const {
  return root_ / database.package.text() / database.name;
}

bool DatabaseFolders::exists(const DatabaseId& database) const {
  std::error_code error;
  return fs::is_directory(fs::symlink_status(path_of(database), error));
}

Result<std::vector<DatabaseId>> DatabaseFolders::list() const {
  std::vector<DatabaseId> found;
  std::error_code error;
  for (fs::directory_iterator package(root_, error), end; !error && package != end; package.increment(error)) {
    Result<PackageId> id = PackageId::parse(package->path().filename().string());
    if (!id || !package->is_directory(error)) {
      continue;
    }
    for (fs::directory_iterator folder(package->path(), error); !error && folder != end; folder.increment(error)) {
      DatabaseId database{*id, folder->path().filename().string()};
      if (check_safe(database) && folder->is_directory(error)) {
        found.push_back(std::move(database));
      }
    }
  }
  if (error) {
    return fail("cannot list {}: {}", root_.string(), error.message());
  }
  return found;
}

DatabaseResult<fs::path> DatabaseFolders::make(const DatabaseId& database) const {
  fs::path path = path_of(database);
  if (exists(database)) {
    return path;
  }
  std::error_code error = make_folder(path.parent_path());
  if (error) {
    return failed("make", path, error);
  }
  size_t count = 0;
  for (fs::directory_iterator each(path.parent_path(), error), end; !error && each != end; each.increment(error)) {
    ++count;
  }
  if (!error && count >= limits_.of_package) {
    return errors::io_error(
        fmt::format("the package has {} databases, the most there may be: remove one that is not needed", count));
  }
  if (!error) {
    error = make_folder(path);
  }
  if (error) {
    return failed("make", path, error);
  }
  return path;
}

DatabaseResult<void> DatabaseFolders::remove(const DatabaseId& database) const {
  fs::path path = path_of(database);
  if (!exists(database)) {
    return {};
  }
  // A name that only this database can have, and that fits where its own does.
  fs::path package = removed() / database.package.text();
  fs::path out_of_the_way = package / database.name;
  std::error_code error;
  fs::create_directories(package, error);
  if (!error) {
    fs::remove_all(out_of_the_way, error);  // what an earlier one left behind
  }
  if (!error) {
    fs::rename(path, out_of_the_way, error);
  }
  if (!error) {
    error = sync_folder(path.parent_path());
  }
  if (error) {
    return failed("remove", path, error);
  }
  // What of it cannot be deleted now is deleted at the next start.
  fs::remove_all(out_of_the_way, error);
  return {};
}

}  // namespace kinode::modules::database
