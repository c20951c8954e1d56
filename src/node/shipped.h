// Shipped packages: those that come with the node or are named by --bootstrap (kernel.md 13.1).
//
// A package is unpacked and its processes made when it is new or the one shipped changed since the last
// boot, not at every boot: what its user dropped stays dropped, and a version that the user installed
// over it stays (defect L16). One that was uninstalled stays away until another version is shipped.
//
// `shipped/<package>` in the journal holds the SHA-256 of the zip that was brought in last; while that is
// done it says so, and only after all its processes are in the journal it no longer does. So what a crash
// leaves half done is done again at the next boot.
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
  enum class State : uint8_t {
    outdated,  // to be brought in
    present,   // as it is shipped
    left,      // its user's business: another version, or none
  };
  struct Package {
    package::PackageSource source;
    std::string hash;
    State state;
  };
  Result<State> judge(const package::PackageSource& source, const std::string& hash);
  Result<void> unpack(const package::PackageSource& source, const std::string& hash);
  Result<uint64_t> record(const PackageId& package, std::string value);
  Result<void> wait_durable(uint64_t sequence);

  void install_processes(kernel::Kernel& kernel, const Package& package);
  Result<void> install(kernel::Kernel& kernel, const package::PackageSource& source,
                       const package::ManifestEntry& entry, const ProcessId& id);
  void grant(kernel::Kernel& kernel, const ProcessId& id, const package::ManifestEntry& entry);

  /// Processes made or brought up to date at this boot.
  struct Made {
    ProcessId id;
    const package::ManifestEntry* entry;
  };

  kernel::Journal& journal_;
  modules::vfs::Vfs& vfs_;
  std::function<void(std::string)> say_;
  std::vector<Package> packages_;
  std::vector<Made> made_;
};

}  // namespace kinode::node
