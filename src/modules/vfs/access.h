// Who may do what to a path (modules.md 2.3).
//
//   the kernel                     everything
//   a process of the same package  everything in all drives of the package
//   who holds {"root":true}        everything
//   others                         what reads with the drive's read capability, what writes with its write
//                                  capability; opening without making and closing need either (defect V8)
//
// Rename and CopyFile are free where both ends are the caller's own package; else they need to write both
// drives, by capability.
//
// Any thread.
#pragma once

#include <functional>
#include <optional>

#include "modules/vfs/vfs_api.h"
#include "modules/vfs/vfs_path.h"
#include "types/capability.h"

namespace kinode::modules::vfs {

enum class Right : uint8_t { read, write };

/// The right to a drive, issued by vfs. Built as JSON, so no drive's name can change its meaning (S16).
Result<Capability> drive_capability(const Address& vfs, Right right, const VfsPath& path);
Capability root_capability(const Address& vfs);

class Access {
 public:
  using Holds = std::function<bool(const ProcessId& holder, const Capability& capability)>;
  /// `vfs` is the issuer.
  Access(Address vfs, Holds holds);

  /// Nothing, or the error to answer. `to` is the other end of Rename and CopyFile.
  [[nodiscard]] VfsResult<void> check(const Address& source, const Action& action, const VfsPath& path,
                                      const std::optional<VfsPath>& to) const;
  /// Listing `/`.
  [[nodiscard]] VfsResult<void> check_root_listing(const Address& source) const;

 private:
  [[nodiscard]] bool is_kernel(const Address& source) const;
  [[nodiscard]] bool holds(const Address& source, Right right, const VfsPath& path) const;
  [[nodiscard]] bool holds_root(const Address& source) const;

  Address vfs_;
  ProcessId kernel_;
  Capability root_;
  Holds holds_;
};

}  // namespace kinode::modules::vfs
