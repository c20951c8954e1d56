#include "crypto/ed25519.h"

#include "base/check.h"
#include "crypto/hex.h"
#include "crypto/random.h"

namespace kinode::crypto {

SigningKey::SigningKey(EvpKey key) : key_(std::move(key)) {
  size_t size = public_key_.size();
  KINODE_CHECK(EVP_PKEY_get_raw_public_key(key_.get(), public_key_.data(), &size) == 1 && size == public_key_.size());
}

SigningKey SigningKey::generate() {
  SecretArray<32> seed;
  fill_random(seed.span());
  return from_seed(seed.span());
}

SigningKey SigningKey::from_seed(std::span<const uint8_t, 32> seed) {
  EvpKey key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size()));
  KINODE_CHECK(key != nullptr);
  return SigningKey(std::move(key));
}

Signature SigningKey::sign(std::span<const uint8_t> message) const {
  Signature signature{};
  size_t size = signature.size();
  EvpDigestContext context(EVP_MD_CTX_new());
  KINODE_CHECK(EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) == 1);
  KINODE_CHECK(EVP_DigestSign(context.get(), signature.data(), &size, message.data(), message.size()) == 1);
  return signature;
}

SecretArray<32> SigningKey::seed() const {
  SecretArray<32> seed;
  size_t size = seed.size();
  KINODE_CHECK(EVP_PKEY_get_raw_private_key(key_.get(), seed.data(), &size) == 1 && size == seed.size());
  return seed;
}

bool verify(const PublicKey& key, std::span<const uint8_t> message, std::span<const uint8_t> signature) {
  if (signature.size() != std::tuple_size_v<Signature>) {
    return false;
  }
  EvpKey evp_key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.data(), key.size()));
  EvpDigestContext context(EVP_MD_CTX_new());
  const bool valid =
      evp_key != nullptr && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, evp_key.get()) == 1 &&
      EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(), message.size()) == 1;
  if (!valid) {
    forget_errors();
  }
  return valid;
}

std::optional<PublicKey> parse_public_key(std::string_view hex) {
  if (hex.starts_with("0x")) {
    hex.remove_prefix(2);
  }
  PublicKey key{};
  if (hex.size() != 2 * key.size()) {
    return std::nullopt;
  }
  const std::optional<std::vector<uint8_t>> bytes = from_hex(hex);
  if (!bytes) {
    return std::nullopt;
  }
  std::ranges::copy(*bytes, key.begin());
  return key;
}

std::string format_public_key(const PublicKey& key) { return "0x" + to_hex(key); }

}  // namespace kinode::crypto
