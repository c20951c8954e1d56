// VfsSnapshot: the drives as a part of a node's snapshots (modules/snapshot_source.h). Laid out as below <home>/vfs.
//
// A file is a hard link as long as it stays as it is (captures.h), a copy where it cannot be one. What guests write
// without the vfs is not held: the drives `tmp`, which WASI writes, are copied by `complete`, as they are by then. So
// is at once a file with several names: one of them may be in a `tmp`. Symbolic links are links, never followed.
// Sockets, devices and pipes are left out, and what is so deep that its path has more bytes than a system call takes.
#pragma once

#include "modules/snapshot_source.h"
#include "modules/vfs/vfs.h"

namespace kinode::modules::vfs {

class VfsSnapshot final : public SnapshotSource {
 public:
  /// `vfs` must outlive it and its captures.
  explicit VfsSnapshot(Vfs& vfs) : drives_(vfs.drives()) {}

  [[nodiscard]] std::string_view name() const override { return "vfs"; }
  Result<void> hold(std::chrono::milliseconds patience) override;
  void release() override { drives_.gate().release(); }
  Result<std::unique_ptr<Capture>> capture(const std::filesystem::path& folder) override;

 private:
  Drives& drives_;
};

}  // namespace kinode::modules::vfs
