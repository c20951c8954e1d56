// Zips of anybody: nothing leads out, nothing unpacks to more than was stated, and what can be unpacked
// can be packed again.
#include <algorithm>
#include <cstdint>
#include <map>
#include <span>
#include <string>

#include "base/check.h"
#include "package/archive.h"
#include "package/bundle.h"

using namespace kinode;
using namespace kinode::package;

namespace {

// Small, so that a bomb is an error before it is slow.
constexpr ArchiveLimits limits{
    .entries = 256, .unpacked_bytes = 1 << 20, .ratio = 250, .ratio_from = 1 << 16, .name_bytes = 512};

/// The files of the archive that can be unpacked.
std::map<std::string, Bytes> unpack(const Archive& archive) {
  std::map<std::string, Bytes> files;
  uint64_t unpacked = 0;
  (void)archive.for_each([&](const ArchiveEntry& entry, EntryReader& content) -> Result<void> {
    KINODE_CHECK(safe_entry_name(entry.name) == entry.name, "{}", entry.name);
    Result<Bytes> bytes = content.rest();
    if (!bytes) {
      return std::unexpected(bytes.error());
    }
    KINODE_CHECK(bytes->size() == entry.size, "{} of {}", bytes->size(), entry.size);
    unpacked += bytes->size();
    if (!entry.is_directory) {
      files.insert_or_assign(entry.name, std::move(*bytes));
    }
    return {};
  });
  KINODE_CHECK(unpacked <= archive.unpacked_size() && unpacked <= limits.unpacked_bytes);
  return files;
}

void check_packing(const std::map<std::string, Bytes>& files) {
  ArchiveWriter writer;
  std::map<std::string, Bytes> added;
  for (const auto& [name, content] : files) {
    // A zip may use one name for a file and for a directory; the writer refuses it.
    if (writer.add_file(name, content)) {
      added.emplace(name, content);
    }
  }
  Result<Bytes> zip = writer.finish();
  KINODE_CHECK(zip.has_value(), "{}", zip.error().message);
  Result<Archive> archive = Archive::open(*zip);
  KINODE_CHECK(archive.has_value(), "{}", archive.error().message);
  const auto is_file = [](const ArchiveEntry& entry) { return !entry.is_directory; };
  KINODE_CHECK(static_cast<size_t>(std::ranges::count_if(archive->entries(), is_file)) == added.size());
  for (const auto& [name, content] : added) {
    KINODE_CHECK(archive->read(name) == content, "{}", name);
  }
}

void check_bundle(const Bytes& zip) {
  std::vector<Error> skipped;
  if (Result<std::vector<PackageSource>> packages = open_bundle(zip, "bundle", &skipped)) {
    for (const PackageSource& package : *packages) {
      KINODE_CHECK(package.id.is_name_safe() && package.id == package.metadata.id());
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Bytes zip = Bytes::copy_of(std::span(data, size));
  Result<Archive> archive = Archive::open(zip, limits);
  if (!archive) {
    KINODE_CHECK(!archive.error().message.empty());
    return 0;
  }
  check_packing(unpack(*archive));
  check_bundle(zip);
  return 0;
}
