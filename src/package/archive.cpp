#include "package/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <locale.h>

#include <algorithm>
#include <memory>

namespace kinode::package {
namespace {

/// Names in a zip are UTF-8; libarchive turns them into the encoding of the thread's locale, which for a
/// server is often none at all.
class Utf8Locale {
 public:
  Utf8Locale() : locale_(newlocale(LC_CTYPE_MASK, "C.UTF-8", locale_t{})) {
    if (locale_ != locale_t{}) {
      before_ = uselocale(locale_);
    }
  }
  ~Utf8Locale() {
    if (locale_ != locale_t{}) {
      uselocale(before_);
      freelocale(locale_);
    }
  }
  Utf8Locale(const Utf8Locale&) = delete;
  Utf8Locale& operator=(const Utf8Locale&) = delete;

 private:
  locale_t locale_;
  locale_t before_{};
};

struct FreeRead {
  void operator()(archive* handle) const { archive_read_free(handle); }
};
using ReadHandle = std::unique_ptr<archive, FreeRead>;

std::string reason_of(archive* handle) {
  const char* reason = archive_error_string(handle);
  return reason != nullptr ? reason : "unknown error";
}

Result<ReadHandle> open_handle(const Bytes& zip) {
  ReadHandle handle(archive_read_new());
  if (handle == nullptr) {
    return fail("no memory to read a zip");
  }
  // By its directory at the end: the other way of libarchive believes what stands before each entry.
  archive_read_support_format_zip_seekable(handle.get());
  if (archive_read_open_memory(handle.get(), zip.data(), zip.size()) != ARCHIVE_OK) {
    return fail("not a zip archive: {}", reason_of(handle.get()));
  }
  return handle;
}

/// An end of directory and nothing else: what kit makes of an empty api folder, and libarchive does not know.
bool is_empty_zip(const Bytes& zip) { return zip.size() == 22 && zip.text() == "PK\x05\x06" + std::string(18, '\0'); }

/// One step of libarchive: false at the end. A warning is no failure.
Result<bool> step(archive* handle, archive_entry*& entry) {
  int status = archive_read_next_header(handle, &entry);
  if (status == ARCHIVE_EOF) {
    return false;
  }
  if (status < ARCHIVE_WARN) {
    return fail("not a zip archive: {}", reason_of(handle));
  }
  return true;
}

Result<ArchiveEntry> entry_of(archive_entry* entry) {
  const char* raw = archive_entry_pathname(entry);
  if (raw == nullptr) {
    return fail("an entry has no name that can be read");
  }
  std::string_view name = raw;
  Result<std::string> safe = safe_entry_name(name);
  if (!safe) {
    return std::unexpected(safe.error());
  }
  mode_t type = archive_entry_filetype(entry);
  if (type == AE_IFLNK || archive_entry_symlink(entry) != nullptr || archive_entry_hardlink(entry) != nullptr) {
    return fail("entry '{}' is a link; an archive may hold files and directories only", name);
  }
  if (type != AE_IFDIR && type != AE_IFREG && type != 0) {
    return fail("entry '{}' is a special file; an archive may hold files and directories only", name);
  }
  bool is_directory = type == AE_IFDIR || name.ends_with('/') || name.ends_with('\\');
  int64_t size = is_directory ? 0 : archive_entry_size(entry);
  if (size < 0) {
    return fail("entry '{}' states an impossible size", name);
  }
  return ArchiveEntry{std::move(*safe), is_directory, static_cast<uint64_t>(size)};
}

class HandleReader final : public EntryReader {
 public:
  HandleReader(archive* handle, const ArchiveEntry& entry) : handle_(handle), entry_(entry) {}

  Result<std::span<const uint8_t>> next() override {
    if (entry_.is_directory) {
      return std::span<const uint8_t>{};
    }
    const void* block = nullptr;
    size_t size = 0;
    la_int64_t offset = 0;
    int status = ARCHIVE_OK;
    do {
      status = archive_read_data_block(handle_, &block, &size, &offset);
    } while (status == ARCHIVE_OK && size == 0);
    if (status == ARCHIVE_EOF) {
      if (read_ != entry_.size) {
        return fail("ends after {} of {} bytes", read_, entry_.size);
      }
      return std::span<const uint8_t>{};
    }
    if (status != ARCHIVE_OK) {
      return std::unexpected(Error{reason_of(handle_)});
    }
    read_ += size;
    if (read_ > entry_.size) {
      return fail("is longer than the {} bytes it states", entry_.size);
    }
    return std::span(static_cast<const uint8_t*>(block), size);
  }

 private:
  archive* handle_;
  const ArchiveEntry& entry_;
  uint64_t read_ = 0;
};

}  // namespace

Result<Bytes> EntryReader::rest() {
  std::vector<uint8_t> all;
  while (true) {
    Result<std::span<const uint8_t>> part = next();
    if (!part) {
      return std::unexpected(part.error());
    }
    if (part->empty()) {
      return Bytes::from(std::move(all));
    }
    all.insert(all.end(), part->begin(), part->end());
  }
}

Result<std::string> safe_entry_name(std::string_view name) {
  if (name.empty()) {
    return fail("an entry has an empty name");
  }
  if (name.find('\0') != std::string_view::npos) {
    return fail("entry '{}' has a zero byte in its name", name.substr(0, name.find('\0')));
  }
  // A name made on Windows separates with '\', which here is a letter like any other.
  constexpr std::string_view separators = "/\\";
  if (separators.find(name.front()) != std::string_view::npos) {
    return fail("entry '{}' has an absolute name", name);
  }
  for (size_t begin = 0; begin <= name.size();) {
    size_t end = std::min(name.find_first_of(separators, begin), name.size());
    if (name.substr(begin, end - begin) == "..") {
      return fail("entry '{}' leads out with '..'", name);
    }
    begin = end + 1;
  }
  std::string safe;
  for (size_t begin = 0; begin <= name.size();) {
    size_t end = std::min(name.find('/', begin), name.size());
    std::string_view part = name.substr(begin, end - begin);
    begin = end + 1;
    if (part.empty() || part == ".") {
      continue;
    }
    if (!safe.empty()) {
      safe += '/';
    }
    safe += part;
  }
  if (safe.empty()) {
    return fail("entry '{}' names nothing", name);
  }
  return safe;
}

Result<Archive> Archive::open(Bytes zip, ArchiveLimits limits) {
  if (is_empty_zip(zip)) {
    return Archive(std::move(zip), {}, 0);
  }
  Utf8Locale utf8;
  Result<ReadHandle> handle = open_handle(zip);
  if (!handle) {
    return std::unexpected(handle.error());
  }
  std::vector<ArchiveEntry> entries;
  uint64_t total = 0;
  while (true) {
    archive_entry* raw = nullptr;
    Result<bool> more = step(handle->get(), raw);
    if (!more) {
      return std::unexpected(more.error());
    }
    if (!*more) {
      break;
    }
    Result<ArchiveEntry> entry = entry_of(raw);
    if (!entry) {
      return std::unexpected(entry.error());
    }
    if (entry->name.size() > limits.name_bytes) {
      return fail("entry '{}...' has a name longer than {} bytes", entry->name.substr(0, 64), limits.name_bytes);
    }
    if (entries.size() == limits.entries) {
      return fail("entry '{}' is one more than the {} that an archive may hold", entry->name, limits.entries);
    }
    if (entry->size > limits.unpacked_bytes - total) {
      return fail("entry '{}' takes the archive over {} bytes unpacked", entry->name, limits.unpacked_bytes);
    }
    total += entry->size;
    if (total > limits.ratio_from && total / limits.ratio >= zip.size()) {
      return fail("entry '{}' takes the archive over {} times its packed size", entry->name, limits.ratio);
    }
    entries.push_back(std::move(*entry));
  }
  return Archive(std::move(zip), std::move(entries), total);
}

Result<void> Archive::for_each(const Visitor& visit) const {
  if (entries_.empty()) {
    return {};
  }
  Utf8Locale utf8;
  Result<ReadHandle> handle = open_handle(zip_);
  if (!handle) {
    return std::unexpected(handle.error());
  }
  for (const ArchiveEntry& entry : entries_) {
    archive_entry* raw = nullptr;
    Result<bool> more = step(handle->get(), raw);
    if (!more) {
      return std::unexpected(more.error());
    }
    HandleReader content(handle->get(), entry);
    if (Result<void> visited = visit(entry, content); !visited) {
      return std::unexpected(visited.error().at(fmt::format("entry '{}'", entry.name)));
    }
  }
  return {};
}

const ArchiveEntry* Archive::find(std::string_view file) const {
  auto found = std::find_if(entries_.rbegin(), entries_.rend(),
                            [&](const ArchiveEntry& entry) { return !entry.is_directory && entry.name == file; });
  return found == entries_.rend() ? nullptr : &*found;
}

Result<Bytes> Archive::read(std::string_view file) const {
  const ArchiveEntry* wanted = find(file);
  if (wanted == nullptr) {
    return fail("the archive has no file '{}'", file);
  }
  Bytes found;
  Result<void> visited = for_each([&](const ArchiveEntry& entry, EntryReader& content) -> Result<void> {
    if (&entry != wanted) {
      return {};
    }
    Result<Bytes> bytes = content.rest();
    if (!bytes) {
      return std::unexpected(bytes.error());
    }
    found = std::move(*bytes);
    return {};
  });
  if (!visited) {
    return std::unexpected(visited.error());
  }
  return found;
}

}  // namespace kinode::package
