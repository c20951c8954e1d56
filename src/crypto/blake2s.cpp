#include "crypto/blake2s.h"

#include <openssl/hmac.h>

#include <climits>

#include "base/check.h"
#include "crypto/openssl.h"

namespace kinode::crypto {

Blake2sDigest blake2s_hash(std::initializer_list<std::span<const uint8_t>> parts) {
  EvpDigestContext context(EVP_MD_CTX_new());
  KINODE_CHECK(context != nullptr && EVP_DigestInit_ex(context.get(), EVP_blake2s256(), nullptr) == 1);
  for (std::span<const uint8_t> part : parts) {
    KINODE_CHECK(EVP_DigestUpdate(context.get(), part.data(), part.size()) == 1);
  }
  Blake2sDigest digest{};
  KINODE_CHECK(EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) == 1);
  return digest;
}

SecretArray<32> blake2s_hmac(std::span<const uint8_t> key, std::span<const uint8_t> message) {
  KINODE_CHECK(key.size() <= INT_MAX);
  SecretArray<32> code;
  unsigned size = 0;
  // An empty key needs an address all the same: null would mean the key of an earlier call.
  const uint8_t* key_data = key.empty() ? code.data() : key.data();
  const uint8_t* written = HMAC(EVP_blake2s256(), key_data, static_cast<int>(key.size()), message.data(),
                                message.size(), code.data(), &size);
  KINODE_CHECK(written != nullptr && size == code.size());
  return code;
}

}  // namespace kinode::crypto
