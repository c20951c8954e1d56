#include "modules/vfs/walk.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>
#include <memory>
#include <utility>
#include <vector>

#include "modules/vfs/beneath.h"
#include "modules/vfs/directory_stream.h"

namespace kinode::modules::vfs {
namespace {

/// A path of more bytes is not resolved from the root but from a directory on its way: the system takes 4 096.
constexpr size_t longest_relative = 2'048;

/// A directory has vanished, or something else has its name, a link perhaps.
bool is_of_a_change(int number) { return number == ENOENT || number == ENOTDIR || number == ELOOP; }

/// A directory that is still to be read, by its path from one that is kept open for all below it.
struct Pending {
  std::shared_ptr<Descriptor> base;
  std::string relative;
  std::string path;
};

}  // namespace

VfsResult<void> walk(int directory, const std::function<VfsResult<bool>(const Found&)>& visit) {
  auto root = open_beneath(directory, ".", O_RDONLY | O_DIRECTORY, 0, FollowLinks::never);
  if (!root) {
    return std::unexpected(root.error());
  }
  std::vector<Pending> pending{{std::make_shared<Descriptor>(std::move(*root)), ".", ""}};
  while (!pending.empty()) {
    Pending at = std::move(pending.back());
    pending.pop_back();
    auto opened = open_beneath(at.base->get(), at.relative, O_RDONLY | O_DIRECTORY, 0, FollowLinks::never);
    if (!opened && is_of_a_change(opened.error().number)) {
      continue;
    }
    if (!opened) {
      return std::unexpected(opened.error());
    }
    if (at.relative.size() > longest_relative) {
      auto base = open_beneath(opened->get(), ".", O_PATH | O_DIRECTORY, 0, FollowLinks::never);
      if (!base) {
        return std::unexpected(base.error());
      }
      at.base = std::make_shared<Descriptor>(std::move(*base));
      at.relative.assign(1, '.');
    }
    DirectoryStream stream(std::move(*opened));
    while (const dirent* entry = stream.next()) {
      const std::string name = entry->d_name;
      struct stat status{};
      if (fstatat(stream.descriptor(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno == ENOENT) {
          continue;
        }
        return io_error(errno);
      }
      std::string path = at.path.empty() ? name : fmt::format("{}/{}", at.path, name);
      auto enter = visit(Found{stream.descriptor(), name, path, status});
      if (!enter) {
        return std::unexpected(enter.error());
      }
      if (*enter && S_ISDIR(status.st_mode)) {
        pending.push_back({at.base, fmt::format("{}/{}", at.relative, name), std::move(path)});
      }
    }
    if (stream.error() != 0) {
      return io_error(stream.error());
    }
  }
  return {};
}

}  // namespace kinode::modules::vfs
