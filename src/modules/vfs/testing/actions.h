// Every way to change a drive, for tests that are about all of them.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "modules/vfs/testing/temporary_home.h"
#include "package/testing/raw_zip.h"

namespace kinode::modules::vfs::testing {

struct Change {
  std::string name;
  std::function<VfsResult<void>(Drives&)> make;
};

/// What `changes` expect to find in the drive /a:b/d: the files "file" and "other", and the folders "folder" with the
/// file "below", and "empty". Changes are independent of each other.
inline void furnish(Drives& drives) {
  KINODE_CHECK(drives.create_dir_all(vfs_path("/a:b/d/folder")).has_value());
  KINODE_CHECK(drives.create_dir_all(vfs_path("/a:b/d/empty")).has_value());
  for (const char* path : {"/a:b/d/file", "/a:b/d/other", "/a:b/d/folder/below"}) {
    KINODE_CHECK(drives.write(vfs_path(path), bytes_of(std::string("content of ") + path)).has_value());
  }
}

inline std::vector<Change> changes() {
  const VfsPath file = vfs_path("/a:b/d/file");
  const VfsPath other = vfs_path("/a:b/d/other");
  const VfsPath folder = vfs_path("/a:b/d/folder");
  const VfsPath fresh = vfs_path("/a:b/d/fresh");
  return {
      {"CreateDir", [=](Drives& drives) { return drives.create_dir(fresh); }},
      {"CreateDirAll", [=](Drives& drives) { return drives.create_dir_all(fresh.below("more/levels")); }},
      {"CreateFile", [=](Drives& drives) { return drives.create_file(file); }},
      {"CreateFile of a new one", [=](Drives& drives) { return drives.create_file(fresh); }},
      {"OpenFile of a new one", [=](Drives& drives) { return drives.open_file(fresh, true); }},
      {"Write", [=](Drives& drives) { return drives.write(file, bytes_of("written")); }},
      {"Write of a new one", [=](Drives& drives) { return drives.write(fresh, bytes_of("written")); }},
      {"WriteAll", [=](Drives& drives) { return drives.write_all(file, bytes_of("written")); }},
      {"Append", [=](Drives& drives) { return drives.append(file, bytes_of("appended")); }},
      {"SetLen", [=](Drives& drives) { return drives.set_length(file, 3); }},
      {"SetLen beyond the end", [=](Drives& drives) { return drives.set_length(file, 300); }},
      {"CopyFile", [=](Drives& drives) { return drives.copy_file(other, file); }},
      {"AddZip",
       [=](Drives& drives) {
         return drives.add_zip(vfs_path("/a:b/d"),
                               package::testing::raw_zip({{"file", "of the zip"}, {"fresh/x", "1"}}));
       }},
      {"RemoveFile", [=](Drives& drives) { return drives.remove_file(file); }},
      {"RemoveDir", [=](Drives& drives) { return drives.remove_dir(vfs_path("/a:b/d/empty")); }},
      {"RemoveDirAll", [=](Drives& drives) { return drives.remove_dir_all(folder); }},
      {"Rename", [=](Drives& drives) { return drives.rename(file, fresh); }},
      {"Rename onto a file", [=](Drives& drives) { return drives.rename(file, other); }},
      {"Rename of a folder", [=](Drives& drives) { return drives.rename(folder, fresh); }},
  };
}

}  // namespace kinode::modules::vfs::testing
