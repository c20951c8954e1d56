#include "modules/vfs/drives.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "modules/vfs/file_io.h"

namespace kinode::modules::vfs {
namespace {

constexpr mode_t permissions = 0777;

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
    : tree_(std::move(tree)), settings_(settings), handles_(settings.handles) {}

VfsResult<void> Drives::create_dir(const VfsPath& path) { return tree_->make_directory(path); }

VfsResult<void> Drives::create_dir_all(const VfsPath& path) { return tree_->make_directories(path); }

VfsResult<std::vector<ListedFile>> Drives::read_dir(const VfsPath& path) {
  auto entries = tree_->list(path);
  if (!entries) {
    return std::unexpected(entries.error());
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
  auto removed = tree_->remove_directory(path);
  if (removed) {
    handles_.forget_tree(path.text());
  }
  return removed;
}

VfsResult<void> Drives::remove_dir_all(const VfsPath& path) {
  auto removed = tree_->remove_tree(path);
  handles_.forget_tree(path.text());  // also where it failed half-way
  return removed;
}

VfsResult<void> Drives::add_zip(const VfsPath& path, const Bytes& zip) {
  Result<package::Archive> archive = package::Archive::open(zip, settings_.archive);
  if (!archive) {
    return std::unexpected(VfsError{VfsError::Kind::parse_error, archive.error().message, 0, path.text()});
  }
  if (auto made = create_dir_all(path); !made) {
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
      archive->for_each([&](const package::ArchiveEntry& entry, package::EntryReader& content) -> Result<void> {
        if (entry.is_directory) {
          return check(create_dir_all(path.below(entry.name)));
        }
        size_t slash = entry.name.rfind('/');
        std::string parent = slash == std::string::npos ? "" : entry.name.substr(0, slash);
        if (parent != last_parent) {
          if (auto made = check(create_dir_all(path.below(parent))); !made) {
            return made;
          }
          last_parent = std::move(parent);
        }
        return check(replace(path.below(entry.name), [&content](int file) -> VfsResult<void> {
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

VfsResult<void> Drives::write(const VfsPath& path, std::span<const uint8_t> content) {
  return replace(path, [content](int file) { return write_at(file, content, 0); });
}

VfsResult<void> Drives::replace(const VfsPath& path, const Fill& fill, std::optional<mode_t> mode) {
  auto place = tree_->place_of(path);
  if (!place) {
    return std::unexpected(place.error());
  }
  auto before = HostTree::look(*place);
  if (!before) {
    return std::unexpected(before.error());
  }
  if (*before) {
    const struct stat& status = **before;
    if (S_ISDIR(status.st_mode)) {
      return io_error(EISDIR);
    }
    if (!S_ISREG(status.st_mode) || status.st_nlink > 1) {
      return write_in_place(path, fill, mode);
    }
    if (faccessat(place->directory.get(), place->name.c_str(), W_OK, AT_EACCESS) != 0) {
      return io_error(errno);
    }
    mode = mode ? mode : status.st_mode;
  }
  auto staged = tree_->stage();
  if (!staged) {
    return std::unexpected(staged.error());
  }
  if (mode && fchmod(staged->file().get(), *mode & permissions) != 0) {
    return io_error(errno);
  }
  if (auto filled = fill(staged->file().get()); !filled) {
    return filled;
  }
  // A handle that is open is held while its name changes hands, so that nothing is written to the old file
  // after the new one was seen.
  std::shared_ptr<Handle> handle = handles_.find(path.text());
  std::unique_lock<std::mutex> lock;
  if (handle) {
    lock = std::unique_lock(handle->mutex);
  }
  if (auto moved = staged->move_to(*place); !moved) {
    if (moved.error().number != EXDEV) {
      return moved;
    }
    return write_in_place(path, [&](int file) { return copy_content(staged->file().get(), file); }, mode);
  }
  if (handle) {
    handle->file = staged->take_file();
    handle->writable = true;
    lock.unlock();
  }
  handles_.renewed(path.text(), handle.get());
  return {};
}

VfsResult<void> Drives::write_in_place(const VfsPath& path, const Fill& fill, std::optional<mode_t> mode) {
  auto file = tree_->open_file(path, O_WRONLY | O_CREAT | O_TRUNC);
  if (!file) {
    return std::unexpected(file.error());
  }
  if (mode && fchmod(file->get(), *mode & permissions) != 0) {
    return io_error(errno);
  }
  return fill(file->get());
}

VfsResult<void> Drives::remove_file(const VfsPath& path) {
  auto removed = tree_->remove_file(path);
  if (removed) {
    handles_.forget(path.text());
  }
  return removed;
}

VfsResult<void> Drives::rename(const VfsPath& from, const VfsPath& to) {
  auto renamed = tree_->rename(from, to);
  if (renamed && from != to) {
    handles_.forget_tree(from.text());
    handles_.forget_tree(to.text());
  }
  return renamed;
}

VfsResult<void> Drives::copy_file(const VfsPath& from, const VfsPath& to) {
  auto source = tree_->open_file(from, O_RDONLY);
  if (!source) {
    return std::unexpected(source.error());
  }
  struct stat status{};
  if (fstat(source->get(), &status) != 0) {
    return io_error(errno);
  }
  // Onto itself there is nothing to do, and written in place it would be lost.
  if (auto target = tree_->stat(to); target && target->st_ino == status.st_ino && target->st_dev == status.st_dev) {
    return {};
  }
  return replace(to, [&source](int file) { return copy_content(source->get(), file); }, status.st_mode);
}

VfsResult<FileMetadata> Drives::metadata(const VfsPath& path) {
  auto status = tree_->stat(path);
  if (!status) {
    return std::unexpected(status.error());
  }
  return FileMetadata{kind_of(status->st_mode), static_cast<uint64_t>(status->st_size)};
}

}  // namespace kinode::modules::vfs
