// Zips that no honest program writes, for tests: any names, links, special files, false sizes.
#pragma once

#include <archive.h>
#include <archive_entry.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/check.h"

namespace kinode::package::testing {

struct RawEntry {
  std::string name;
  std::string content;
  mode_t type = AE_IFREG;
};

inline Bytes raw_zip(const std::vector<RawEntry>& entries) {
  size_t room = 65'536;
  for (const RawEntry& entry : entries) {
    room += 2 * entry.content.size() + 8 * entry.name.size() + 1'024;
  }
  std::vector<uint8_t> buffer(room);
  size_t used = 0;
  archive* out = archive_write_new();
  archive_write_set_format_zip(out);
  archive_write_set_bytes_in_last_block(out, 1);
  KINODE_CHECK(archive_write_open_memory(out, buffer.data(), buffer.size(), &used) == ARCHIVE_OK);
  for (const RawEntry& raw : entries) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, raw.name.c_str());
    archive_entry_set_filetype(entry, raw.type);
    archive_entry_set_perm(entry, 0755);
    if (raw.type == AE_IFLNK) {
      archive_entry_set_symlink(entry, raw.content.c_str());
    } else {
      archive_entry_set_size(entry, static_cast<la_int64_t>(raw.content.size()));
    }
    KINODE_CHECK(archive_write_header(out, entry) >= ARCHIVE_WARN, "{}", archive_error_string(out));
    if (raw.type == AE_IFREG) {
      KINODE_CHECK(archive_write_data(out, raw.content.data(), raw.content.size()) >= 0);
    }
    archive_entry_free(entry);
  }
  KINODE_CHECK(archive_write_close(out) == ARCHIVE_OK);
  archive_write_free(out);
  buffer.resize(used);
  return Bytes::from(std::move(buffer));
}

enum class Header { local, central };

/// The archive with a number of the n-th header of a kind replaced: `offset` and `bytes` as in the format.
/// Local: 6 flags, 8 method, 22 unpacked size. Central: 8 flags, 10 method, 24 unpacked size, 38 attributes.
inline Bytes with_field(const Bytes& zip, Header header, size_t line, size_t offset, size_t bytes, uint64_t value) {
  std::string patched(zip.text());
  size_t at = 0;
  for (size_t i = 0; i <= line; ++i) {
    at = patched.find(header == Header::local ? "PK\x03\x04" : "PK\x01\x02", i == 0 ? 0 : at + 1);
    KINODE_CHECK(at != std::string::npos);
  }
  for (size_t i = 0; i < bytes; ++i) {
    patched[at + offset + i] = static_cast<char>(value >> (8 * i));
  }
  return Bytes::from(std::move(patched));
}

}  // namespace kinode::package::testing
