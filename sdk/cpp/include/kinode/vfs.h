#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "kinode/process.h"

/// Files: requests to `vfs:distro:sys`, each awaited. A path is `/package:publisher/drive/rest`; drives of
/// the own package are free, others take a capability. The process needs the vfs's messaging
/// capability.

namespace kinode::vfs {

/// What the vfs said, as text: `NoReadCap`, `IOError: No such file or directory (os error 2)`, ...; or
/// `Timeout`, `Offline` where it said nothing.
struct Error {
  std::string text;
};

template <class T>
using Result = std::expected<T, Error>;

struct Entry {
  /// Relative to the root of the vfs, without a slash in front: `package:publisher/drive/rest`.
  std::string path;
  /// `File`, `Directory`, `Symlink` or `Other`.
  std::string file_type;
};

struct Metadata {
  std::string file_type;
  uint64_t size;
};

Result<void> create_drive(std::string_view path);
/// With the parents; no error if it exists.
Result<void> create_dir_all(std::string_view path);

/// A whole file.
Result<Bytes> read(std::string_view path);
/// So many bytes from `offset` on; fewer at the file's end, none beyond it.
Result<Bytes> read_range(std::string_view path, uint64_t offset, uint64_t length);
/// Makes the file, or replaces it whole.
Result<void> write(std::string_view path, Bytes content);
/// Adds to the end of a file that is there.
Result<void> append(std::string_view path, Bytes content);
/// The children, in no order. Listing `/` takes the vfs's root capability.
Result<std::vector<Entry>> read_dir(std::string_view path);
Result<Metadata> metadata(std::string_view path);
/// SHA-256 of a whole file.
Result<std::array<uint8_t, 32>> hash(std::string_view path);

Result<void> rename(std::string_view path, std::string_view new_path);
Result<void> copy_file(std::string_view path, std::string_view new_path);
Result<void> remove_file(std::string_view path);
Result<void> remove_dir_all(std::string_view path);

/// Unpacks a zip archive into the folder `path`.
Result<void> add_zip(std::string_view path, Bytes archive);
/// The same with an archive that lies in the vfs; it does not pass through this process.
Result<void> add_zip_file(std::string_view path, std::string_view archive_path);

}  // namespace kinode::vfs
