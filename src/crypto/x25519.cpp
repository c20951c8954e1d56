#include "crypto/x25519.h"

#include "base/check.h"
#include "crypto/random.h"

namespace kinode::crypto {

X25519Key::X25519Key(EvpKey key) : key_(std::move(key)) {
  size_t size = public_key_.size();
  KINODE_CHECK(EVP_PKEY_get_raw_public_key(key_.get(), public_key_.data(), &size) == 1 && size == public_key_.size());
}

X25519Key X25519Key::generate() {
  SecretArray<32> bytes;
  fill_random(bytes.span());
  return from_private(bytes.span());
}

X25519Key X25519Key::from_private(std::span<const uint8_t, 32> bytes) {
  EvpKey key(EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr, bytes.data(), bytes.size()));
  KINODE_CHECK(key != nullptr);
  return X25519Key(std::move(key));
}

Result<SecretArray<32>> X25519Key::agree(std::span<const uint8_t, 32> peer) const {
  EvpKey peer_key(EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nullptr, peer.data(), peer.size()));
  EvpKeyContext context(EVP_PKEY_CTX_new(key_.get(), nullptr));
  KINODE_CHECK(peer_key != nullptr && context != nullptr && EVP_PKEY_derive_init(context.get()) == 1);
  SecretArray<32> secret;
  size_t size = secret.size();
  const bool agreed = EVP_PKEY_derive_set_peer(context.get(), peer_key.get()) == 1 &&
                      EVP_PKEY_derive(context.get(), secret.data(), &size) == 1 && size == secret.size();
  const SecretArray<32> zeros;
  if (!agreed || equal_in_constant_time(secret.span(), zeros.span())) {
    forget_errors();
    return fail("X25519: the peer's public key is of low order: no honest peer has one, do not talk to it");
  }
  return secret;
}

}  // namespace kinode::crypto
