#include "modules/vfs/vfs.h"

#include <algorithm>
#include <cerrno>
#include <set>

#include "package/archive.h"

namespace kinode::modules::vfs {
namespace {

/// What came of an action on a virtual path, for people: with the path before the reason.
template <class Act>
auto on_path(std::string_view virtual_path, Act act)
    -> Result<typename std::invoke_result_t<Act, const VfsPath&>::value_type> {
  auto path = VfsPath::parse(virtual_path);
  if (!path) {
    return std::unexpected(path.error().to_error());
  }
  auto result = act(*path);
  if (!result) {
    return std::unexpected(result.error().to_error().at(path->text()));
  }
  if constexpr (std::is_void_v<typename decltype(result)::value_type>) {
    return {};
  } else {
    return std::move(*result);
  }
}

}  // namespace

Result<std::unique_ptr<Vfs>> Vfs::open(const std::string& home, Settings settings) {
  Result<std::unique_ptr<HostTree>> tree = HostTree::open(home + "/vfs");
  if (!tree) {
    return std::unexpected(tree.error());
  }
  return std::unique_ptr<Vfs>(new Vfs(std::move(*tree), settings));
}

Result<Bytes> Vfs::read(std::string_view virtual_path) {
  return on_path(virtual_path, [this](const VfsPath& path) { return drives_.read(path); });
}

Result<void> Vfs::write(std::string_view virtual_path, std::span<const uint8_t> content) {
  return on_path(virtual_path, [&](const VfsPath& path) -> VfsResult<void> {
    auto written = drives_.write(path, content);
    if (written || written.error().number != ENOENT) {
      return written;
    }
    std::string_view rest = path.rest();
    VfsPath parent = path.drive_root();
    if (size_t slash = rest.rfind('/'); slash != std::string_view::npos) {
      parent = parent.below(rest.substr(0, slash));
    }
    if (auto made = drives_.create_dir_all(parent); !made) {
      return made;
    }
    return drives_.write(path, content);
  });
}

bool Vfs::exists(std::string_view virtual_path) {
  return on_path(virtual_path, [this](const VfsPath& path) { return drives_.metadata(path); }).has_value();
}

Result<void> Vfs::make_dir(std::string_view virtual_path) {
  return on_path(virtual_path, [this](const VfsPath& path) { return drives_.create_dir_all(path); });
}

Result<void> Vfs::remove_tree(std::string_view virtual_path) {
  return on_path(virtual_path, [this](const VfsPath& path) -> VfsResult<void> {
    auto removed = drives_.remove_dir_all(path);
    if (!removed && removed.error().number == ENOENT) {
      return {};
    }
    return removed;
  });
}

Result<void> Vfs::unpack(std::string_view virtual_path, const Bytes& zip) {
  return on_path(virtual_path, [&](const VfsPath& path) { return drives_.add_zip(path, zip); });
}

bool Vfs::is_unpacked(const VfsPath& directory, const package::Archive& archive) {
  return std::ranges::all_of(archive.entries(), [&](const package::ArchiveEntry& entry) {
    auto metadata = drives_.metadata(directory.below(entry.name));
    return metadata && (entry.is_directory ? metadata->kind == FileKind::directory
                                           : metadata->kind == FileKind::file && metadata->length == entry.size);
  });
}

Result<void> Vfs::install_package(const PackageId& package, const Bytes& zip) {
  VfsPath drive = VfsPath::of_drive(package, "pkg");
  VfsPath kept = drive.below(package.text() + ".zip");
  Result<package::Archive> archive = package::Archive::open(zip);
  if (!archive) {
    return std::unexpected(archive.error().at(package.text()));
  }
  auto before = drives_.read(kept);
  if (before && *before == zip && is_unpacked(drive, *archive)) {
    return {};
  }
  if (auto unpacked = drives_.add_zip(drive, zip); !unpacked) {
    return std::unexpected(unpacked.error().to_error().at(drive.text()));
  }
  Result<package::Archive> old = before ? package::Archive::open(*before) : fail("no zip");
  if (old) {
    std::set<std::string_view> names;
    for (const package::ArchiveEntry& entry : archive->entries()) {
      names.insert(entry.name);
    }
    // Backwards, so that a directory comes after what is in it; one that holds more stays.
    for (auto entry = old->entries().rbegin(); entry != old->entries().rend(); ++entry) {
      if (!names.contains(entry->name)) {
        VfsPath stale = drive.below(entry->name);
        (void)(entry->is_directory ? drives_.remove_dir(stale) : drives_.remove_file(stale));
      }
    }
  }
  // Last: it says that all the rest is in place.
  if (auto written = drives_.write(kept, zip.span()); !written) {
    return std::unexpected(written.error().to_error().at(kept.text()));
  }
  return {};
}

Result<std::string> Vfs::host_tmp_dir(const PackageId& package) {
  VfsPath tmp = VfsPath::of_drive(package, "tmp");
  if (auto made = drives_.create_tmp(tmp); !made) {
    return std::unexpected(made.error().to_error().at(tmp.text()));
  }
  return drives_.tree().root() + "/" + tmp.text();
}

}  // namespace kinode::modules::vfs
