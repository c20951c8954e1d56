#pragma once

#include <kinode/types.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// What the store's processes call things, and where they keep them:
///
///     /app-store:sys/downloads/<package>/<hash>.zip            a package that was brought; hash: SHA-256
///     /app-store:sys/downloads/<package>/<hash>.json           its manifest
///     /app-store:sys/downloads/<package>/<hash>.metadata.json  its metadata, once an install brought them
///     /app-store:sys/downloads/<package>/metadata.json         those of the version that was installed last
///     /app-store:sys/incoming/                                 what is on its way here
///     /app-store:sys/staging/                                  what an install works on
///     /app-store:sys/listings/                                 listings that were brought as files
namespace app_store {

inline const std::string downloads_drive = "/app-store:sys/downloads";
inline const std::string incoming_drive = "/app-store:sys/incoming";
inline const std::string staging_drive = "/app-store:sys/staging";
inline const std::string listings_drive = "/app-store:sys/listings";

/// The folder of what was brought of a package.
std::string kept_folder(const kinode::PackageId& package);
/// A file of one version there. Both must be safe names.
std::string kept(const kinode::PackageId& package, const std::string& version_hash, const char* ending);

std::string hex_of(const std::array<uint8_t, 32>& hash);

/// Whether it is a version hash: 64 hexadecimal digits in lower case. Only such a text becomes part of a path.
bool is_hash(std::string_view text);

/// Why a package must not be brought, installed or removed by anybody; nothing: it may.
std::optional<std::string> refusal(const kinode::PackageId& package);

}  // namespace app_store
