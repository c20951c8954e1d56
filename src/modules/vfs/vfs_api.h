// Requests and answers of vfs:distro:sys in JSON (modules.md 2.1).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "modules/vfs/drives.h"
#include "modules/vfs/vfs_error.h"

namespace kinode::modules::vfs {

struct Action {
  enum class Kind : uint8_t {
    create_drive,
    create_dir,
    create_dir_all,
    create_file,
    open_file,
    close_file,
    write,
    write_all,
    append,
    sync_all,
    read,
    read_to_end,
    read_exact,
    read_range,
    read_to_string,
    read_dir,
    seek,
    remove_file,
    remove_dir,
    remove_dir_all,
    rename,
    copy_file,
    metadata,
    len,
    set_len,
    hash,
    add_zip,
  };
  Kind kind = Kind::read;
  bool create = false;   // of open_file
  uint64_t number = 0;   // the length of read_exact, read_range and set_len
  uint64_t offset = 0;   // of read_range
  SeekFrom seek;         // of seek
  std::string new_path;  // of rename and copy_file
};

struct VfsRequest {
  std::string path;
  Action action;
};

/// Fails with the place of the first thing that is wrong.
Result<VfsRequest> parse_request(std::string_view body);

/// The message of fd-manager:distro:sys, {"FdsLimit": n}; none if it is anything else.
std::optional<uint64_t> parse_fds_limit(std::string_view body);

namespace answers {

std::string ok();
/// The bytes are in the blob.
std::string read();
std::string read_to_string(std::string_view text);
std::string read_dir(const std::vector<ListedFile>& files);
std::string seek_from(uint64_t new_offset);
std::string metadata(const FileMetadata& metadata);
std::string len(uint64_t length);
std::string hash(const package::Sha256Digest& digest);
std::string error(const VfsError& error);

}  // namespace answers

}  // namespace kinode::modules::vfs
