// Virtual paths: /package:publisher/drive/rest (modules.md 2.2).
//
// Leading slashes and backslashes do not count; `.` and empty parts vanish; `..` takes the part before it
// away. What would leave the root, has fewer than two parts left, or does not begin with a package id is
// malformed. The path that is judged is the path that is used.
//
// A value. It says nothing of what is on the disk: links are the business of HostTree.
#pragma once

#include <string>
#include <string_view>

#include "modules/vfs/vfs_error.h"
#include "types/address.h"

namespace kinode::modules::vfs {

class VfsPath {
 public:
  static VfsResult<VfsPath> parse(std::string_view text);
  /// The drive, or a path in it: `parse("/package/drive")`, made of parts known to be sound.
  static VfsPath of_drive(const PackageId& package, std::string_view drive);
  /// Whether the text names `/`, which holds all packages.
  static bool names_root(std::string_view text);

  [[nodiscard]] const PackageId& package() const { return package_; }
  /// The first part, as it is on disk.
  [[nodiscard]] std::string_view package_part() const { return std::string_view(text_).substr(0, drive_begin_ - 1); }
  [[nodiscard]] std::string_view drive() const {
    return std::string_view(text_).substr(drive_begin_, drive_end_ - drive_begin_);
  }
  /// Below the drive, without a slash at either end; empty for the drive itself.
  [[nodiscard]] std::string_view rest() const {
    return drive_end_ == text_.size() ? std::string_view() : std::string_view(text_).substr(drive_end_ + 1);
  }
  /// The whole, as ReadDir gives it: no slash before it, "package:publisher/drive/rest".
  [[nodiscard]] const std::string& text() const { return text_; }
  /// The drive as capabilities name it, "/package:publisher/drive".
  [[nodiscard]] std::string capability_drive() const { return "/" + text_.substr(0, drive_end_); }

  /// The path of something below this one; `relative` must be normal.
  [[nodiscard]] VfsPath below(std::string_view relative) const;
  /// The drive that this path is in.
  [[nodiscard]] VfsPath drive_root() const;
  [[nodiscard]] bool same_drive(const VfsPath& other) const { return capability_drive() == other.capability_drive(); }

  friend bool operator==(const VfsPath& a, const VfsPath& b) { return a.text_ == b.text_; }

 private:
  VfsPath(PackageId package, std::string text, size_t drive_begin, size_t drive_end)
      : package_(std::move(package)), text_(std::move(text)), drive_begin_(drive_begin), drive_end_(drive_end) {}

  PackageId package_;
  std::string text_;
  size_t drive_begin_;
  size_t drive_end_;
};

}  // namespace kinode::modules::vfs
