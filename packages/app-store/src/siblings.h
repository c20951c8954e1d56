#pragma once

#include <kinode/json.h>
#include <kinode/types.h>

#include <expected>
#include <string>

/// What main asks of chain:app-store:sys and downloads:app-store:sys. These never wait for main.
namespace app_store::siblings {

/// What is known of a package, if the metadata name this version; else null.
kinode::Json metadata_of(const kinode::PackageId& package, const std::string& version_hash);

/// From now on newer versions of it are fetched; of a package without a listing nothing happens.
void start_auto_update(const kinode::PackageId& package);
void stop_auto_update(const kinode::PackageId& package);

/// From now on other nodes get it here. Else why not.
std::expected<void, std::string> start_mirroring(const kinode::PackageId& package);

}  // namespace app_store::siblings
