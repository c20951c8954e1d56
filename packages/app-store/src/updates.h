#pragma once

#include <kinode/json.h>

#include "messages.h"

/// Updates that were not installed by themselves, until the person who runs the node has dealt with them: those that
/// could be had from no mirror, and those that wait for approval because their manifest is another one. Lasts, as
/// `{"<package>":{"<version hash>":{"errors":[[mirror,error],...],"pending_manifest_hash":text or null}}}`.
namespace app_store::updates {

kinode::Json all();

void set_failed(const Version& version, kinode::Json errors);
void set_pending(const Version& version, const std::string& manifest_hash);
/// It is done, or not wanted.
void clear(const kinode::PackageId& package);

}  // namespace app_store::updates
