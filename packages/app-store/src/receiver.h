#pragma once

#include <kinode/json.h>
#include <kinode/types.h>

namespace app_store {

/// Receives a zip, as the order `LocalDownload` says, and tells our downloads process how it goes and how it ended. It
/// has ended then: by then either the zip is kept under its hash, or nothing is left of it.
///
/// Only workers of the store on the node that was asked are listened to, and of these only the one that began.
void receive_zip(const kinode::Address& our, const kinode::Json& order);

}  // namespace app_store
