// The password by which a node opens its repositories without asking: derived from its networking key, so that it is
// there wherever the node's keyfile is. Any thread.
#pragma once

#include "crypto/ed25519.h"
#include "crypto/secret.h"

namespace kinode::backup {

/// 64 digits of hex: HMAC-BLAKE2s with the key's seed over the text "kinode backup repository 1". It tells nothing of
/// the key, nor of what else is made from it.
crypto::Secret node_password(const crypto::SigningKey& key);

}  // namespace kinode::backup
