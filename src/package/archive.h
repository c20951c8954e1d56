// Zip archives: read with suspicion, written reproducibly (packages-and-kit.md 1.8).
//
// An archive comes from a guest, a peer or a person. `open` looks through its directory before anything is
// unpacked and refuses the whole archive, naming the entry, when a name is absolute or leads out, an entry
// is a symbolic link or anything else but a file or a directory, or the limits are passed. The sizes an archive
// states are those it is held to: an entry that turns out longer is an error where it does. So whoever
// unpacks an opened archive writes no more than `unpacked_size` bytes.
//
// Entries need not be preceded by entries for their directories; whoever unpacks makes them.
//
// An Archive may be read by several threads at once; an EntryReader belongs to one.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace kinode::package {

struct ArchiveLimits {
  size_t entries = 65'535;
  /// Of all entries together, unpacked.
  uint64_t unpacked_bytes = uint64_t{4} << 30U;
  /// Unpacked to packed, for the whole archive; looked at only above `ratio_from` unpacked bytes. Deflate
  /// alone reaches 1032 to 1.
  uint64_t ratio = 250;
  uint64_t ratio_from = uint64_t{64} << 20U;
  /// Of a name.
  size_t name_bytes = 4'096;
};

struct ArchiveEntry {
  /// Relative, parts separated by single slashes, none of them `.` or `..`; no slash at the end.
  std::string name;
  bool is_directory = false;
  /// Unpacked, as the archive states it.
  uint64_t size = 0;
};

/// The bytes of one entry, part after part.
class EntryReader {
 public:
  virtual ~EntryReader() = default;
  /// The next bytes, valid until the next call; none at the end. Fails where the entry cannot be unpacked:
  /// encrypted, packed by a method not known, damaged, or longer than stated.
  virtual Result<std::span<const uint8_t>> next() = 0;
  /// All that is left.
  Result<Bytes> rest();
};

class Archive {
 public:
  /// Shares the memory of `zip`.
  static Result<Archive> open(Bytes zip, ArchiveLimits limits = {});

  /// In the order of the archive. A name may come twice: then the last counts.
  [[nodiscard]] const std::vector<ArchiveEntry>& entries() const { return entries_; }
  [[nodiscard]] uint64_t unpacked_size() const { return unpacked_size_; }
  [[nodiscard]] bool contains(std::string_view file) const { return find(file) != nullptr; }

  using Visitor = std::function<Result<void>(const ArchiveEntry& entry, EntryReader& content)>;
  /// Visits the entries in the order of the archive; ends with the first error, naming the entry.
  [[nodiscard]] Result<void> for_each(const Visitor& visit) const;
  /// One file.
  [[nodiscard]] Result<Bytes> read(std::string_view file) const;

 private:
  Archive(Bytes zip, std::vector<ArchiveEntry> entries, uint64_t unpacked_size)
      : zip_(std::move(zip)), entries_(std::move(entries)), unpacked_size_(unpacked_size) {}
  [[nodiscard]] const ArchiveEntry* find(std::string_view file) const;

  Bytes zip_;
  std::vector<ArchiveEntry> entries_;
  uint64_t unpacked_size_;
};

/// The name of an entry in the form of ArchiveEntry::name, or why it is not safe.
Result<std::string> safe_entry_name(std::string_view name);

/// Writes a zip that depends on names and contents alone: names sorted, each directory as an entry before
/// what is in it, times 2023-06-19 00:00:00, mode 0755, deflate. Used by one thread at a time.
class ArchiveWriter {
 public:
  /// Replaces what was added under the same name. Fails when a name is not safe or not UTF-8, or is both a file
  /// and a directory.
  Result<void> add_file(std::string_view name, Bytes content);
  Result<void> add_directory(std::string_view name);

  /// Fails above 65 535 entries or 4 GiB: the format for more is not written.
  [[nodiscard]] Result<Bytes> finish() const;

 private:
  Result<void> add_parents(const std::string& name);
  struct Content {
    bool is_directory = false;
    Bytes bytes;
  };
  /// Part by part, so that a directory comes right before what is in it.
  struct ByParts {
    bool operator()(const std::string& a, const std::string& b) const;
  };
  std::map<std::string, Content, ByParts> entries_;
};

/// The zip of a folder of the host: everything below it, names relative to it. Symbolic links and special
/// files are errors.
Result<Bytes> zip_folder(const std::string& folder);

}  // namespace kinode::package
