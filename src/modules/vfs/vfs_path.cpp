#include "modules/vfs/vfs_path.h"

#include <algorithm>
#include <optional>
#include <vector>

namespace kinode::modules::vfs {
namespace {

/// The parts that are left, or none where the path leaves the root.
std::optional<std::vector<std::string_view>> normalise(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of("/\\"), text.size()));
  std::vector<std::string_view> parts;
  for (size_t begin = 0; begin <= text.size();) {
    size_t end = std::min(text.find('/', begin), text.size());
    std::string_view part = text.substr(begin, end - begin);
    begin = end + 1;
    if (part == "..") {
      if (parts.empty()) {
        return std::nullopt;
      }
      parts.pop_back();
    } else if (!part.empty() && part != ".") {
      parts.push_back(part);
    }
  }
  return parts;
}

}  // namespace

bool VfsPath::names_root(std::string_view text) {
  auto parts = normalise(text);
  return parts && parts->empty();
}

VfsResult<VfsPath> VfsPath::parse(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) {
    return malformed("a path has a zero byte");
  }
  auto parts = normalise(text);
  if (!parts) {
    return malformed(fmt::format("path '{}' leaves the root", text));
  }
  if (parts->size() < 2) {
    return malformed(fmt::format("path '{}' is too short (expected /package:publisher/drive/...)", text));
  }
  Result<PackageId> package = PackageId::parse(parts->front());
  if (!package) {
    return malformed(fmt::format("path '{}': {}", text, package.error().message));
  }
  std::string normal;
  normal.reserve(text.size());
  for (std::string_view part : *parts) {
    normal.append(normal.empty() ? "" : "/").append(part);
  }
  size_t drive_begin = (*parts)[0].size() + 1;
  return VfsPath(std::move(*package), std::move(normal), drive_begin, drive_begin + (*parts)[1].size());
}

VfsPath VfsPath::of_drive(const PackageId& package, std::string_view drive) {
  std::string text = package.text();
  size_t drive_begin = text.size() + 1;
  text.append("/").append(drive);
  return {package, std::move(text), drive_begin, drive_begin + drive.size()};
}

VfsPath VfsPath::below(std::string_view relative) const {
  VfsPath path = *this;
  if (!relative.empty()) {
    path.text_.append("/").append(relative);
  }
  return path;
}

VfsPath VfsPath::drive_root() const { return {package_, text_.substr(0, drive_end_), drive_begin_, drive_end_}; }

}  // namespace kinode::modules::vfs
