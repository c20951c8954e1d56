// The document that a keyfile holds of the networking key: PKCS#8 version 2 (RFC 5958) as the library ring writes it,
// with the public key, 83 bytes. Functions of any thread.
#pragma once

#include <cstdint>
#include <span>

#include "base/result.h"
#include "crypto/ed25519.h"
#include "crypto/secret.h"

namespace kinode::identity {

crypto::Secret encode_pkcs8(const crypto::SigningKey& key);
/// Reads also the older form, whose public key is wrapped twice. The public key must be that of the private one.
Result<crypto::SigningKey> decode_pkcs8(std::span<const uint8_t> document);

}  // namespace kinode::identity
