// The container is written here and not by libarchive, which writes times by the machine's time zone: the
// same folder would get another hash elsewhere.
#include <dirent.h>
#include <zlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <system_error>

#include "base/utf8.h"
#include "package/archive.h"

namespace kinode::package {
namespace {

constexpr uint16_t version_needed = 20;      // directories and deflate
constexpr uint16_t made_by_unix = 3U << 8U;  // so that the mode below counts
constexpr uint16_t utf8_names = 1U << 11U;
constexpr uint16_t fixed_time = 0;  // 00:00:00
constexpr uint16_t fixed_date = ((2023 - 1980) << 9) | (6 << 5) | 19;
constexpr uint32_t file_mode = 0100755U << 16U;
constexpr uint32_t directory_mode = (040755U << 16U) | 0x10U;
constexpr uint64_t most_bytes = UINT32_MAX;
constexpr size_t most_entries = UINT16_MAX;

class Output {
 public:
  void u16(uint32_t value) {
    bytes_.push_back(static_cast<uint8_t>(value));
    bytes_.push_back(static_cast<uint8_t>(value >> 8U));
  }
  void u32(uint32_t value) {
    u16(value & 0xffffU);
    u16(value >> 16U);
  }
  void append(std::string_view text) { bytes_.insert(bytes_.end(), text.begin(), text.end()); }
  void append(const std::vector<uint8_t>& bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }
  [[nodiscard]] uint64_t size() const { return bytes_.size(); }
  std::vector<uint8_t> take() { return std::move(bytes_); }

 private:
  std::vector<uint8_t> bytes_;
};

Result<std::vector<uint8_t>> deflate_raw(const Bytes& content) {
  z_stream stream{};
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    return fail("no memory to compress");
  }
  std::vector<uint8_t> packed(deflateBound(&stream, content.size()));
  stream.next_in = const_cast<Bytef*>(content.data());
  stream.avail_in = static_cast<uInt>(content.size());
  stream.next_out = packed.data();
  stream.avail_out = static_cast<uInt>(packed.size());
  int status = deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  if (status != Z_STREAM_END) {
    return fail("cannot be compressed");
  }
  return packed;
}

/// What the header of an entry and its line in the directory have in common.
struct Header {
  std::string name;
  uint16_t method;
  uint32_t crc;
  uint32_t packed_size;
  uint32_t size;
  uint32_t mode;
  uint32_t offset;

  void write_common(Output& out) const {
    bool ascii = std::ranges::all_of(name, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
    out.u16(version_needed);
    out.u16(ascii ? 0 : utf8_names);
    out.u16(method);
    out.u16(fixed_time);
    out.u16(fixed_date);
    out.u32(crc);
    out.u32(packed_size);
    out.u32(size);
    out.u16(static_cast<uint32_t>(name.size()));
    out.u16(0);  // no extra fields
  }
  void write_local(Output& out) const {
    out.u32(0x04034b50);
    write_common(out);
    out.append(name);
  }
  void write_central(Output& out) const {
    out.u32(0x02014b50);
    out.u16(made_by_unix | version_needed);
    write_common(out);
    out.u16(0);  // no comment
    out.u16(0);  // disk
    out.u16(0);  // internal attributes
    out.u32(mode);
    out.u32(offset);
    out.append(name);
  }
};

Result<Bytes> read_host_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary | std::ios::ate);
  if (!in) {
    return fail("{}: cannot be read", path.string());
  }
  std::string content(static_cast<size_t>(in.tellg()), '\0');
  in.seekg(0);
  if (!in.read(content.data(), static_cast<std::streamsize>(content.size()))) {
    return fail("{}: cannot be read to its end", path.string());
  }
  return Bytes::from(std::move(content));
}

/// The name as it is written: it says of itself that it is UTF-8, so readers refuse it where it is not.
Result<std::string> name_to_write(std::string_view name) {
  if (!is_utf8(name)) {
    return fail("entry '{}' has a name that is not UTF-8", name);
  }
  return safe_entry_name(name);
}

}  // namespace

bool ArchiveWriter::ByParts::operator()(const std::string& a, const std::string& b) const {
  return std::ranges::lexicographical_compare(a, b, [](char x, char y) {
    auto rank = [](char c) { return c == '/' ? 0 : 1 + static_cast<unsigned char>(c); };
    return rank(x) < rank(y);
  });
}

Result<void> ArchiveWriter::add_parents(const std::string& name) {
  for (size_t slash = name.find('/'); slash != std::string::npos; slash = name.find('/', slash + 1)) {
    auto [parent, is_new] = entries_.try_emplace(name.substr(0, slash), Content{true, {}});
    if (!parent->second.is_directory) {
      return fail("'{}' is a file and cannot hold '{}'", parent->first, name);
    }
  }
  return {};
}

Result<void> ArchiveWriter::add_file(std::string_view name, Bytes content) {
  Result<std::string> safe = name_to_write(name);
  if (!safe) {
    return std::unexpected(safe.error());
  }
  if (Result<void> parents = add_parents(*safe); !parents) {
    return parents;
  }
  auto [entry, is_new] = entries_.try_emplace(*safe);
  if (entry->second.is_directory) {
    return fail("'{}' is a directory already", *safe);
  }
  entry->second.bytes = std::move(content);
  return {};
}

Result<void> ArchiveWriter::add_directory(std::string_view name) {
  Result<std::string> safe = name_to_write(name);
  if (!safe) {
    return std::unexpected(safe.error());
  }
  return add_parents(*safe + "/");
}

Result<Bytes> ArchiveWriter::finish() const {
  if (entries_.size() > most_entries) {
    return fail("a zip of {} entries: no more than {} are possible", entries_.size(), most_entries);
  }
  Output out;
  std::vector<Header> headers;
  for (const auto& [name, content] : entries_) {
    if (content.bytes.size() > most_bytes || name.size() >= UINT16_MAX) {
      return fail("'{}' is too long for a zip", name);
    }
    Header header{
        content.is_directory ? name + "/" : name, 0, 0, 0, 0, content.is_directory ? directory_mode : file_mode,
        static_cast<uint32_t>(out.size())};
    std::vector<uint8_t> packed;
    if (!content.is_directory) {
      Result<std::vector<uint8_t>> deflated = deflate_raw(content.bytes);
      if (!deflated) {
        return std::unexpected(deflated.error().at(name));
      }
      packed = std::move(*deflated);
      header.method = Z_DEFLATED;
      header.crc = static_cast<uint32_t>(crc32_z(0, content.bytes.data(), content.bytes.size()));
      header.packed_size = static_cast<uint32_t>(packed.size());
      header.size = static_cast<uint32_t>(content.bytes.size());
    }
    if (out.size() + packed.size() > most_bytes) {
      return fail("'{}' takes the zip over {} bytes", name, most_bytes);
    }
    header.write_local(out);
    out.append(packed);
    headers.push_back(std::move(header));
  }
  uint64_t directory = out.size();
  for (const Header& header : headers) {
    header.write_central(out);
  }
  uint64_t directory_size = out.size() - directory;
  if (out.size() > most_bytes) {
    return fail("the zip is longer than {} bytes", most_bytes);
  }
  out.u32(0x06054b50);
  out.u16(0);  // disk
  out.u16(0);  // disk of the directory
  out.u16(static_cast<uint32_t>(headers.size()));
  out.u16(static_cast<uint32_t>(headers.size()));
  out.u32(static_cast<uint32_t>(directory_size));
  out.u32(static_cast<uint32_t>(directory));
  out.u16(0);  // no comment
  return Bytes::from(out.take());
}

Result<Bytes> zip_folder(const std::string& folder) {
  namespace fs = std::filesystem;
  ArchiveWriter writer;
  std::error_code error;
  fs::recursive_directory_iterator at(folder, error);
  for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
    std::string name = at->path().lexically_relative(folder).generic_string();
    Result<void> added;
    fs::file_status status = at->symlink_status(error);
    if (fs::is_directory(status)) {
      added = writer.add_directory(name);
    } else if (fs::is_regular_file(status)) {
      Result<Bytes> content = read_host_file(at->path());
      if (!content) {
        return content;
      }
      added = writer.add_file(name, std::move(*content));
    } else {
      added = fail("{}: neither a file nor a directory", at->path().string());
    }
    if (!added) {
      return std::unexpected(added.error());
    }
  }
  if (error) {
    return fail("{}: {}", folder, error.message());
  }
  return writer.finish();
}

}  // namespace kinode::package
