// Shipped packages: those that come with the node or are named by --bootstrap (kernel.md 13.1).
//
// A package is unpacked and its processes made when it is new or the one shipped changed since the last
// boot, not at every boot: what its user dropped stays dropped, and a version that the user installed
// over it stays (defect L16). One that was uninstalled stays away until another version is shipped.
//
// `unpack` comes before the kernel loads its processes, `install` after. Both at boot, on its thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "kernel/journal.h"
#include "kernel/kernel.h"
#include "modules/vfs/vfs.h"
#include "package/bundle.h"

namespace kinode::node {

class ShippedPackages {
 public:
  ShippedPackages(kernel::Journal& journal, modules::vfs::Vfs& vfs, std::function<void(std::string)> say)
      : journal_(journal), vfs_(vfs), say_(std::move(say)) {}

  /// A package that cannot be unpacked is left as it was, with a line that says so.
  void unpack(std::vector<package::PackageSource> packages);
  void install(kernel::Kernel& kernel);

 private:
  struct Unpacked {
    package::PackageSource source;
    bool updated;
  };
  /// Whether the package is to be unpacked; none: it is not to be touched.
  Result<std::optional<bool>> judge(const package::PackageSource& source, const std::string& hash);
  Result<void> unpack(const package::PackageSource& source, const std::string& hash);
  /// Writes what is known of the package and waits until it is on disk.
  Result<void> record(const PackageId& package, const std::string& value);
  Result<void> install(kernel::Kernel& kernel, const package::PackageSource& source,
                       const package::ManifestEntry& entry, const ProcessId& id);

  kernel::Journal& journal_;
  modules::vfs::Vfs& vfs_;
  std::function<void(std::string)> say_;
  std::vector<Unpacked> unpacked_;
};

}  // namespace kinode::node
