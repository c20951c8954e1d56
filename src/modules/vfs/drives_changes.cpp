// Files that are changed as a whole: written, copied, renamed, removed.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "modules/vfs/drives.h"
#include "modules/vfs/file_io.h"

namespace kinode::modules::vfs {
namespace {

constexpr mode_t permissions = 0777;

bool is_same_file(const struct stat& a, const struct stat& b) { return Inode::of(a) == Inode::of(b); }

}  // namespace

VfsResult<void> Drives::changed(int file, uint64_t bytes) {
  return tree_->unflushed()->file_changed(file, bytes) ? tree_->unflushed()->flush_file(file) : VfsResult<void>();
}

VfsResult<void> Drives::set_length(int file, uint64_t length) {
  if (auto free = captures_.before_change(file); !free) {
    return free;
  }
  if (ftruncate(file, static_cast<off_t>(length)) != 0) {
    return io_error(errno);
  }
  return changed(file, 0);
}

VfsResult<void> Drives::write(const VfsPath& path, std::span<const uint8_t> content) {
  return change(
      [&] { return replace(path, content.size(), [content](int file) { return write_at(file, content, 0); }); });
}

VfsResult<void> Drives::replace(const VfsPath& path, uint64_t length, const Fill& fill, std::optional<mode_t> mode) {
  auto place = tree_->place_of(path);
  if (!place) {
    return std::unexpected(place.error());
  }
  auto before = HostTree::look(*place);
  if (!before) {
    return std::unexpected(before.error());
  }
  const Usage old = *before ? usage_of(**before) : Usage{};
  auto room = quotas_.take(path.package_part(), Usage{.bytes = static_cast<int64_t>(length), .files = 1} - old);
  if (!room) {
    return std::unexpected(room.error());
  }
  VfsResult<void> written;
  if (*before && S_ISDIR((*before)->st_mode)) {
    return io_error(EISDIR);
  }
  if (*before && (!S_ISREG((*before)->st_mode) || (*before)->st_nlink > 1 + captures_.names_of(**before))) {
    written = write_in_place(path, fill, mode);
  } else if (*before && faccessat(place->directory.get(), place->name.c_str(), W_OK, AT_EACCESS) != 0) {
    return io_error(errno);
  } else {
    if (*before && !mode) {
      mode = (*before)->st_mode;
    }
    written = write_beside(path, *place, before->has_value(), fill, mode);
  }
  if (auto now = HostTree::look(*place); now && *now) {
    room->made(usage_of(**now) - old);
  }
  return written;
}

VfsResult<void> Drives::write_beside(const VfsPath& path, const Place& place, bool replaces, const Fill& fill,
                                     std::optional<mode_t> mode) {
  auto staged = tree_->stage();
  if (!staged) {
    return std::unexpected(staged.error());
  }
  const int file = staged->file().get();
  if (mode && fchmod(file, *mode & permissions) != 0) {
    return io_error(errno);
  }
  if (auto filled = gate_.aside([&] { return fill(file); }); !filled) {
    return filled;
  }
  auto length = file_length(file);
  if (!length) {
    return std::unexpected(length.error());
  }
  if (auto noted = changed(file, *length); !noted) {
    return noted;
  }
  if (auto ordered = replaces ? write_out(file) : VfsResult<void>(); !ordered) {
    return ordered;
  }
  // A handle that is open is held while its name changes hands, so that nothing is written to the old file
  // after the new one was seen.
  std::shared_ptr<Handle> handle = handles_.find(path.text());
  std::unique_lock<std::mutex> lock;
  if (handle) {
    lock = std::unique_lock(handle->mutex);
  }
  if (auto moved = staged->move_to(place); !moved) {
    if (moved.error().number != EXDEV) {
      return moved;
    }
    return write_in_place(path, [&](int target) { return copy_content(file, target); }, mode);
  }
  tree_->unflushed()->directory_changed(place.directory.get());
  if (handle) {
    handle->file = staged->take_file();
    handle->writable = true;
    lock.unlock();
  }
  handles_.renewed(path.text(), handle.get());
  return {};
}

VfsResult<void> Drives::write_in_place(const VfsPath& path, const Fill& fill, std::optional<mode_t> mode) {
  auto file = tree_->open_file(path, O_RDWR | O_CREAT);
  if (!file) {
    return std::unexpected(file.error());
  }
  if (auto emptied = set_length(file->get(), 0); !emptied) {
    return emptied;
  }
  if (mode && fchmod(file->get(), *mode & permissions) != 0) {
    return io_error(errno);
  }
  if (auto filled = fill(file->get()); !filled) {
    return filled;
  }
  auto length = file_length(file->get());
  return length ? changed(file->get(), *length) : std::unexpected(length.error());
}

VfsResult<void> Drives::remove_file(const VfsPath& path) {
  return change([&]() -> VfsResult<void> {
    auto place = tree_->place_of(path);
    auto before = place ? HostTree::look(*place) : std::unexpected(place.error());
    const Usage old = before && *before ? usage_of(**before) : Usage{};
    auto room = quotas_.take(path.package_part(), Usage{} - old);
    if (!room) {
      return std::unexpected(room.error());
    }
    auto removed = tree_->remove_file(path);
    if (removed) {
      room->made();
      handles_.forget(path.text());
    }
    return removed;
  });
}

VfsResult<void> Drives::rename(const VfsPath& from, const VfsPath& to) {
  return change([&] { return rename_entry(from, to); });
}

VfsResult<void> Drives::rename_entry(const VfsPath& from, const VfsPath& to) {
  auto source = tree_->place_of(from);
  if (!source) {
    return std::unexpected(source.error());
  }
  auto target = tree_->place_of(to);
  if (!target) {
    return std::unexpected(target.error());
  }
  auto replaced = HostTree::look(*target);
  if (!replaced) {
    return std::unexpected(replaced.error());
  }
  auto moved = HostTree::look(*source);
  if (!moved) {
    return std::unexpected(moved.error());
  }
  const bool is_new_name = *moved && !(*replaced && is_same_file(**moved, **replaced));
  const Usage lost = *replaced && is_new_name ? usage_of(**replaced) : Usage{};
  Usage gone;
  if (from.package_part() != to.package_part()) {
    auto measured = measure(source->directory.get(), source->name);
    if (!measured) {
      return std::unexpected(measured.error());
    }
    gone = *measured;
  }
  auto room = quotas_.take(to.package_part(), gone - lost);
  if (!room) {
    return std::unexpected(room.error());
  }
  auto room_left = quotas_.take(from.package_part(), Usage{} - gone);
  if (!room_left) {
    return std::unexpected(room_left.error());
  }
  if (*replaced && *moved && S_ISREG((*moved)->st_mode)) {
    auto file = tree_->open_file(from, O_RDONLY);
    if (auto ordered = file ? write_out(file->get()) : VfsResult<void>(); !ordered) {
      return ordered;
    }
  }
  auto renamed = tree_->rename(from, to);
  if (!renamed) {
    return renamed;
  }
  room->made();
  room_left->made();
  if (from != to) {
    handles_.forget_tree(from.text());
    handles_.forget_tree(to.text());
  }
  return {};
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
  if (auto target = tree_->stat(to); target && is_same_file(*target, status)) {
    return {};
  }
  return change([&] {
    return replace(
        to, static_cast<uint64_t>(status.st_size), [&source](int file) { return copy_content(source->get(), file); },
        status.st_mode);
  });
}

}  // namespace kinode::modules::vfs
