// Packages as they lie on the host's disk, for boot and for kit (packages-and-kit.md 1.2, 1.10).
//
// `open_packages` takes any of these paths:
//
//   a package folder     holds metadata.json and pkg/ with manifest.json; the zip is made from pkg/
//   a folder of those    each sub-folder that is a package folder, in the order of their names
//   a distro bundle      packages.zip: file_to_metadata.json and a zip for each package
//   one package's zip    X.zip, with its metadata beside it: X.metadata.json, else metadata.json
//
// Reads files and may take long: not on a worker.
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "package/manifest.h"
#include "package/metadata.h"

namespace kinode::package {

struct PackageSource {
  PackageId id;
  Metadata metadata;
  /// As it was read; the metadata hash is over it.
  std::string metadata_text;
  Bytes zip;
  Manifest manifest;
};

/// Fails when the path holds nothing of the above. A package of several that cannot be used (no manifest,
/// malformed, unsafe zip) is left out with a line in `skipped` (defect S16 of kernel.md: there it ends the
/// node); without `skipped`, or if it is the only one, it fails the whole.
Result<std::vector<PackageSource>> open_packages(const std::string& path, std::vector<Error>* skipped = nullptr);

/// The packages of a distro bundle in memory; `place` names it in errors.
Result<std::vector<PackageSource>> open_bundle(const Bytes& zip, const std::string& place,
                                               std::vector<Error>* skipped = nullptr);

/// A package of a zip and its metadata, both in memory.
Result<PackageSource> make_package(std::string metadata_text, Bytes zip);

}  // namespace kinode::package
