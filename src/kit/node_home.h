// NodeHome: the folder that a fake node keeps its data in, for the time of one run.
//
// A temporary home is removed at the end. So that no other folder ever is, it carries a file of kit's,
// .kit-temporary: a folder that exists, is not empty and has no such file is refused. kit holds a lock on
// that file while the node runs, so two nodes do not share a home; a home whose kit was killed has the
// file and no lock, and is made anew.
#pragma once

#include <string>

#include "base/result.h"

namespace kinode::kit {

class NodeHome {
 public:
  /// Makes the folder where there is none. A persistent home is left as it is, at the end too. Fails when
  /// the folder is not ours to remove, belongs to another user, or is in use.
  static Result<NodeHome> take(const std::string& path, bool persistent);
  /// Removes a temporary home.
  ~NodeHome();
  NodeHome(NodeHome&& other) noexcept;
  NodeHome& operator=(NodeHome&&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  NodeHome(std::string path, int marker) : path_(std::move(path)), marker_(marker) {}

  std::string path_;
  int marker_;  // the locked file, or -1 of a persistent home
};

}  // namespace kinode::kit
