#pragma once

#include <kinode/json.h>
#include <kinode/types.h>

#include <vector>

namespace app_store {

/// The packages whose zips this node gives to others. Lasts, as the process's state:
/// `{"mirroring":[{"package_name","publisher_node"},...]}`.
class Mirroring {
 public:
  /// What was kept by an earlier life of this process.
  static Mirroring load();

  bool contains(const kinode::PackageId& package) const;
  /// False: there are too many.
  bool start(const kinode::PackageId& package);
  void stop(const kinode::PackageId& package);

 private:
  void save() const;

  std::vector<kinode::PackageId> packages_;
};

}  // namespace app_store
