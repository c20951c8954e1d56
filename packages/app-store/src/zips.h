#pragma once

#include <expected>
#include <string>

#include "manifest.h"

/// Zips of packages, from their arrival until they are kept (names.h). Each call waits for the vfs.
namespace app_store {

/// SHA-256 of a file in hexadecimal digits, or the vfs's reason.
std::expected<std::string, std::string> hash_of(const std::string& path);

/// Unpacks `zip` into the folder `unpacked`, whatever was there before; its manifest, or what is wrong with the
/// package: no archive, no manifest, a component that is not in it.
std::expected<Manifest, std::string> unpack(const kinode::PackageId& package, const std::string& zip,
                                            const std::string& unpacked);

/// Keeps `zip`, whose bytes have the hash `version_hash`, for installs and mirroring: checked by `unpack`, its manifest
/// beside it, and moved, so that a zip under a version's name is always whole. `unpacked` is gone afterwards.
std::expected<void, std::string> keep(const kinode::PackageId& package, const std::string& version_hash,
                                      const std::string& zip, const std::string& unpacked);

/// Writes the blob of the message received last to `path`. It goes from its sender to the vfs by inheritance,
/// without passing through our memory.
std::expected<void, std::string> write_blob(const std::string& path);

}  // namespace app_store
