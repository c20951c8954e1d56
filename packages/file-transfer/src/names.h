#pragma once

#include <kinode/types.h>

#include <expected>
#include <string>
#include <string_view>

/// Names of files, which come from other nodes, and where files lie.
///
/// `files` has whole files alone. What is on its way lies in another drive, so no name that a peer chooses can
/// meet it, and nobody sees a part under the name of the whole.

namespace file_transfer {

/// What is wrong with the name of a file, if something is: it must be one component of a path.
std::expected<void, std::string> check_name(std::string_view name);

/// The name of the process that sends the file, or receives it. There is one at a time, and its name says so: who
/// finds it taken knows that it is at work.
std::string sender_name(std::string_view file);
std::string receiver_name(std::string_view file);

/// Where the files of a package lie in the vfs.
class Paths {
 public:
  explicit Paths(const kinode::PackageId& package) : root_("/" + package.text()) {}

  std::string files() const { return root_ + "/files"; }
  std::string partial() const { return root_ + "/partial"; }
  std::string worker() const { return root_ + "/pkg/file-transfer-worker.wasm"; }

  std::string file(std::string_view name) const { return files() + "/" + std::string(name); }
  /// What has arrived of it.
  std::string part(std::string_view name) const { return partial() + "/" + std::string(name) + ".part"; }
  /// Of which file that is a part.
  std::string origin(std::string_view name) const { return partial() + "/" + std::string(name) + ".json"; }

 private:
  std::string root_;
};

}  // namespace file_transfer
