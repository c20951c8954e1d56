#pragma once

#include <kinode/json.h>

namespace app_store {

/// Sends a kept zip to a worker of another node, as the order `RemoteDownload` says; returns when all is on its way, or
/// the node is not there any more.
///
/// The protocol has no acknowledgements. So that no more is on its way than the line takes, the other node's downloads
/// process is asked something after every few chunks: what it answers comes after the chunks have arrived there.
void send_zip(const kinode::Json& order);

}  // namespace app_store
