#include "modules/vfs/drives.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <numeric>

#include "modules/vfs/file_io.h"

namespace kinode::modules::vfs {
namespace {

std::vector<ListedFile> listed(const std::string& before, const std::vector<DirectoryEntry>& entries) {
  std::vector<ListedFile> files;
  files.reserve(entries.size());
  for (const DirectoryEntry& entry : entries) {
    files.push_back({before + entry.name, entry.kind});
  }
  return files;
}

}  // namespace

Drives::Drives(std::unique_ptr<HostTree> tree, Settings settings)
    : tree_(std::move(tree)),
      settings_(settings),
      quotas_(settings.quota,
              [this](const std::string& package) -> VfsResult<Usage> {
                auto usage = measure(tree_->directory(), package);
                if (usage && usage->files > 0) {
                  --usage->files;  // the package's own directory is none of its drives
                }
                return usage;
              }),
      captures_(*tree_),
      handles_(settings.handles) {}

VfsResult<void> Drives::take_place() {
  if (settings_.journal == nullptr) {
    return {};
  }
  auto sequence = settings_.journal->write({});
  return sequence ? VfsResult<void>() : io_error(sequence.error().message);
}

VfsResult<void> Drives::create_dir(const VfsPath& path) {
  return change([&]() -> VfsResult<void> {
    auto room = quotas_.take(path.package_part(), {.files = 1});
    if (!room) {
      return std::unexpected(room.error());
    }
    auto made = tree_->make_directory(path);
    if (made) {
      room->made();
    }
    return made;
  });
}

VfsResult<void> Drives::create_dir_all(const VfsPath& path) {
  return change([&] { return make_directories(path); });
}

VfsResult<void> Drives::create_tmp(const VfsPath& drive) {
  auto made = tree_->make_directories(drive);
  if (!made) {
    return std::unexpected(made.error());
  }
  return *made > 0 ? take_place() : VfsResult<void>();
}

bool Drives::is_directory(const VfsPath& path) const {
  auto status = tree_->stat(path);
  return status && S_ISDIR(status->st_mode);
}

VfsResult<void> Drives::make_directories(const VfsPath& path) {
  if (is_directory(path)) {
    return {};
  }
  // One for each part below the package.
  auto room = quotas_.take(path.package_part(),
                           {.files = 1 + std::ranges::count(path.rest(), '/') + (path.rest().empty() ? 0 : 1)});
  if (!room) {
    return std::unexpected(room.error());
  }
  auto made = tree_->make_directories(path);
  if (!made) {
    return std::unexpected(made.error());
  }
  room->made({.files = static_cast<int64_t>(*made)});
  return {};
}

VfsResult<std::vector<ListedFile>> Drives::read_dir(const VfsPath& path) {
  auto entries = tree_->list(path);
  if (!entries) {
    return std::unexpected(entries.error());
  }
  // Each entry is answered with the whole path, so there may be far more to say than there is in the directory.
  const uint64_t bytes = std::accumulate(
      entries->begin(), entries->end(), uint64_t{0},
      [&path](uint64_t sum, const DirectoryEntry& entry) { return sum + path.text().size() + 1 + entry.name.size(); });
  if (bytes > settings_.most_bytes_read) {
    return io_error(fmt::format("the paths of its {} entries have {} bytes, more than the {} that one answer may hold",
                                entries->size(), bytes, settings_.most_bytes_read));
  }
  return listed(path.text() + "/", *entries);
}

VfsResult<std::vector<ListedFile>> Drives::read_root() {
  auto entries = tree_->list_root();
  if (!entries) {
    return std::unexpected(entries.error());
  }
  return listed("", *entries);
}

VfsResult<void> Drives::remove_dir(const VfsPath& path) {
  return change([&]() -> VfsResult<void> {
    auto room = quotas_.take(path.package_part(), {.files = -1});
    if (!room) {
      return std::unexpected(room.error());
    }
    auto removed = tree_->remove_directory(path);
    if (removed) {
      room->made();
      handles_.forget_tree(path.text());
    }
    return removed;
  });
}

VfsResult<void> Drives::remove_dir_all(const VfsPath& path) {
  return change([&]() -> VfsResult<void> {
    auto room = quotas_.take(path.package_part(), {});
    if (!room) {
      return std::unexpected(room.error());
    }
    auto removed = tree_->remove_tree(path);
    handles_.forget_tree(path.text());  // also where it failed half-way
    if (!removed) {
      return std::unexpected(removed.error());
    }
    room->made(Usage{} - *removed);
    return {};
  });
}

VfsResult<void> Drives::add_zip(const VfsPath& path, const Bytes& zip) {
  Result<package::Archive> archive = package::Archive::open(zip, settings_.archive);
  if (!archive) {
    return std::unexpected(VfsError{VfsError::Kind::parse_error, archive.error().message, 0, path.text()});
  }
  return change([&] { return unpack(path, *archive); });
}

VfsResult<void> Drives::unpack(const VfsPath& path, package::Archive& archive) {
  if (auto made = make_directories(path); !made) {
    return made;
  }
  std::optional<VfsError> failure;
  auto check = [&failure](VfsResult<void> result) -> Result<void> {
    if (result) {
      return {};
    }
    failure = std::move(result.error());
    return std::unexpected(failure->to_error());
  };
  std::string last_parent;
  Result<void> unpacked =
      archive.for_each([&](const package::ArchiveEntry& entry, package::EntryReader& content) -> Result<void> {
        if (entry.is_directory) {
          return check(make_directories(path.below(entry.name)));
        }
        size_t slash = entry.name.rfind('/');
        std::string parent = slash == std::string::npos ? "" : entry.name.substr(0, slash);
        if (parent != last_parent) {
          if (auto made = check(make_directories(path.below(parent))); !made) {
            return made;
          }
          last_parent = std::move(parent);
        }
        return check(replace(path.below(entry.name), entry.size, [&content](int file) -> VfsResult<void> {
          uint64_t offset = 0;
          while (true) {
            Result<std::span<const uint8_t>> part = content.next();
            if (!part) {
              return std::unexpected(VfsError{VfsError::Kind::unzip_error, part.error().message, 0, {}});
            }
            if (part->empty()) {
              return {};
            }
            if (auto written = write_at(file, *part, offset); !written) {
              return written;
            }
            offset += part->size();
          }
        }));
      });
  if (unpacked) {
    return {};
  }
  return std::unexpected(failure ? std::move(*failure)
                                 : VfsError{VfsError::Kind::unzip_error, unpacked.error().message, 0, {}});
}

VfsResult<Bytes> Drives::read(const VfsPath& path) {
  auto file = tree_->open_file(path, O_RDONLY);
  if (!file) {
    return std::unexpected(file.error());
  }
  auto length = file_length(file->get());
  if (!length) {
    return std::unexpected(length.error());
  }
  return read_part(file->get(), 0, *length);
}

VfsResult<Bytes> Drives::read_range(const VfsPath& path, uint64_t offset, uint64_t length) {
  auto file = tree_->open_file(path, O_RDONLY);
  if (!file) {
    return std::unexpected(file.error());
  }
  auto whole = file_length(file->get());
  if (!whole) {
    return std::unexpected(whole.error());
  }
  return offset >= *whole ? Bytes() : read_part(file->get(), offset, std::min(length, *whole - offset));
}

VfsResult<Bytes> Drives::read_part(int file, uint64_t offset, uint64_t length) const {
  if (length > settings_.most_bytes_read) {
    return io_error(fmt::format("{} bytes are more than the {} that one answer may hold: read it in parts", length,
                                settings_.most_bytes_read));
  }
  auto memory = std::make_shared_for_overwrite<uint8_t[]>(length);
  auto got = read_at(file, {memory.get(), length}, offset);
  if (!got) {
    return std::unexpected(got.error());
  }
  const uint8_t* begin = memory.get();
  return Bytes::view(std::move(memory), {begin, *got});
}

VfsResult<FileMetadata> Drives::metadata(const VfsPath& path) {
  auto status = tree_->stat(path);
  if (!status) {
    return std::unexpected(status.error());
  }
  return FileMetadata{kind_of(status->st_mode), static_cast<uint64_t>(status->st_size)};
}

}  // namespace kinode::modules::vfs
