// What goes through a handle and its cursor.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>

#include "base/utf8.h"
#include "modules/vfs/drives.h"
#include "modules/vfs/file_io.h"

namespace kinode::modules::vfs {
namespace {

constexpr uint64_t most_offset = std::numeric_limits<int64_t>::max();
constexpr size_t hash_step = size_t{256} << 10U;

}  // namespace

VfsResult<Drives::Held> Drives::hold(const VfsPath& path, bool create) {
  auto handle = handles_.acquire(path.text(), [&]() -> VfsResult<OpenedFile> {
    auto file = tree_->open_file(path, O_RDWR | (create ? O_CREAT : 0));
    if (file) {
      return OpenedFile{std::move(*file), true};
    }
    if (file.error().number != EACCES && file.error().number != EROFS) {
      return std::unexpected(file.error());
    }
    auto read_only = tree_->open_file(path, O_RDONLY);
    if (!read_only) {
      return std::unexpected(read_only.error());
    }
    return OpenedFile{std::move(*read_only), false};
  });
  if (!handle) {
    return std::unexpected(handle.error());
  }
  std::unique_lock lock((*handle)->mutex);
  return Held{std::move(*handle), std::move(lock)};
}

VfsResult<Drives::Held> Drives::hold_writable(const VfsPath& path) {
  auto held = hold(path);
  if (held && !(*held)->writable) {
    return io_error(EACCES);
  }
  return held;
}

VfsResult<void> Drives::create_file(const VfsPath& path) {
  return change([&]() -> VfsResult<void> {
    handles_.close(path.text());
    auto before = tree_->stat(path);
    const Usage old = before ? usage_of(*before) : Usage{};
    auto room = quotas_.take(path.package_part(), Usage{.bytes = 0, .files = 1} - old);
    if (!room) {
      return std::unexpected(room.error());
    }
    auto file = tree_->open_file(path, O_RDWR | O_CREAT);
    if (!file) {
      return std::unexpected(file.error());
    }
    if (auto emptied = set_length(file->get(), 0); !emptied) {
      return emptied;
    }
    room->made();
    handles_.put(path.text(), {std::move(*file), true});
    return {};
  });
}

VfsResult<void> Drives::open_file(const VfsPath& path, bool create) {
  auto open = [&](bool with_create) -> VfsResult<void> {
    auto held = hold(path, with_create);
    if (!held) {
      return std::unexpected(held.error());
    }
    (*held)->cursor = 0;
    return {};
  };
  if (!create || tree_->stat(path)) {
    return open(false);
  }
  return change([&]() -> VfsResult<void> {
    auto room = quotas_.take(path.package_part(), {.files = 1});
    if (!room) {
      return std::unexpected(room.error());
    }
    auto opened = open(true);
    if (opened) {
      room->made();
    }
    return opened;
  });
}

void Drives::close_file(const VfsPath& path) { handles_.close(path.text()); }

VfsResult<void> Drives::write_all(const VfsPath& path, std::span<const uint8_t> content) {
  return change([&] { return write_through(path, content, Where::cursor); });
}

VfsResult<void> Drives::append(const VfsPath& path, std::span<const uint8_t> content) {
  return change([&] { return write_through(path, content, Where::end); });
}

VfsResult<void> Drives::write_through(const VfsPath& path, std::span<const uint8_t> content, Where where) {
  auto held = hold_writable(path);
  if (!held) {
    return std::unexpected(held.error());
  }
  auto length = file_length(held->file());
  if (!length) {
    return std::unexpected(length.error());
  }
  const uint64_t offset = where == Where::end ? *length : (*held)->cursor;
  if (content.size() > most_offset - offset) {
    return io_error(EFBIG);
  }
  auto growth = [&](uint64_t written) {
    return Usage{.bytes = written == 0 ? 0 : static_cast<int64_t>(std::max(*length, offset + written) - *length)};
  };
  auto room = quotas_.take(path.package_part(), growth(content.size()));
  if (!room) {
    return std::unexpected(room.error());
  }
  if (auto free = captures_.before_change(held->file()); !free) {
    return free;
  }
  uint64_t written = 0;
  auto result = write_at(held->file(), content, offset, &written);
  (*held)->cursor = offset + written;
  room->made(growth(written));
  auto noted = changed(held->file(), written);
  return result ? noted : result;
}

VfsResult<void> Drives::sync_all(const VfsPath& path) {
  auto held = hold(path);
  if (!held) {
    return std::unexpected(held.error());
  }
  return tree_->unflushed()->flush_file(held->file());
}

VfsResult<Bytes> Drives::read_to_end(const VfsPath& path) {
  auto held = hold(path);
  if (!held) {
    return std::unexpected(held.error());
  }
  auto length = file_length(held->file());
  if (!length) {
    return std::unexpected(length.error());
  }
  uint64_t cursor = (*held)->cursor;
  if (cursor >= *length) {
    return Bytes();
  }
  auto bytes = read_part(held->file(), cursor, *length - cursor);
  if (bytes) {
    (*held)->cursor = cursor + bytes->size();
  }
  return bytes;
}

VfsResult<Bytes> Drives::read_exact(const VfsPath& path, uint64_t length) {
  auto held = hold(path);
  if (!held) {
    return std::unexpected(held.error());
  }
  auto whole = file_length(held->file());
  if (!whole) {
    return std::unexpected(whole.error());
  }
  uint64_t cursor = (*held)->cursor;
  if (length > *whole || cursor > *whole - length) {
    return length == 0 ? VfsResult<Bytes>(Bytes()) : io_error("early eof");
  }
  auto bytes = read_part(held->file(), cursor, length);
  if (!bytes) {
    return bytes;
  }
  if (bytes->size() != length) {
    return io_error("early eof");
  }
  (*held)->cursor = cursor + length;
  return bytes;
}

VfsResult<std::string> Drives::read_to_string(const VfsPath& path) {
  auto bytes = read_to_end(path);
  if (!bytes) {
    return std::unexpected(bytes.error());
  }
  if (!is_utf8(bytes->text())) {
    return io_error("stream did not contain valid UTF-8");
  }
  return std::string(bytes->text());
}

VfsResult<uint64_t> Drives::seek(const VfsPath& path, const SeekFrom& to) {
  auto held = hold(path);
  if (!held) {
    return std::unexpected(held.error());
  }
  uint64_t base = 0;
  if (to.kind == SeekFrom::Kind::end) {
    auto length = file_length(held->file());
    if (!length) {
      return std::unexpected(length.error());
    }
    base = *length;
  } else if (to.kind == SeekFrom::Kind::current) {
    base = (*held)->cursor;
  }
  uint64_t target = to.start;
  if (to.kind != SeekFrom::Kind::start) {
    uint64_t distance =
        to.offset < 0 ? uint64_t{0} - static_cast<uint64_t>(to.offset) : static_cast<uint64_t>(to.offset);
    if (to.offset < 0 && distance > base) {
      return io_error(EINVAL);
    }
    target = to.offset < 0 ? base - distance : base + distance;
  }
  if (target > most_offset) {
    return io_error(EINVAL);
  }
  (*held)->cursor = target;
  return target;
}

VfsResult<uint64_t> Drives::length(const VfsPath& path) {
  auto held = hold(path);
  if (!held) {
    return std::unexpected(held.error());
  }
  return file_length(held->file());
}

VfsResult<void> Drives::set_length(const VfsPath& path, uint64_t length) {
  return change([&] { return set_length_through(path, length); });
}

VfsResult<void> Drives::set_length_through(const VfsPath& path, uint64_t length) {
  auto held = hold_writable(path);
  if (!held) {
    return std::unexpected(held.error());
  }
  if (length > most_offset) {
    return io_error(EINVAL);
  }
  auto before = file_length(held->file());
  if (!before) {
    return std::unexpected(before.error());
  }
  auto room =
      quotas_.take(path.package_part(), {.bytes = static_cast<int64_t>(length) - static_cast<int64_t>(*before)});
  if (!room) {
    return std::unexpected(room.error());
  }
  auto set = set_length(held->file(), length);
  if (set) {
    room->made();
  }
  return set;
}

VfsResult<package::Sha256Digest> Drives::hash(const VfsPath& path) {
  auto held = hold(path);
  if (!held) {
    return std::unexpected(held.error());
  }
  auto length = file_length(held->file());
  if (!length) {
    return std::unexpected(length.error());
  }
  if (*length > settings_.most_bytes_hashed) {
    return io_error(EFBIG);
  }
  package::Sha256 hash;
  auto buffer = std::make_unique_for_overwrite<uint8_t[]>(hash_step);
  uint64_t offset = 0;
  while (true) {
    auto got = read_at(held->file(), {buffer.get(), hash_step}, offset);
    if (!got) {
      return std::unexpected(got.error());
    }
    hash.update({buffer.get(), *got});
    offset += *got;
    if (*got < hash_step) {
      (*held)->cursor = offset;
      return hash.digest();
    }
  }
}

}  // namespace kinode::modules::vfs
