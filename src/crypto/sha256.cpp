#include "crypto/sha256.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <climits>

#include "base/check.h"

namespace kinode::crypto {

Sha256Digest sha256(std::span<const uint8_t> bytes) {
  Sha256Digest digest;
  unsigned size = 0;
  KINODE_CHECK(EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) == 1);
  return digest;
}

Sha256Digest hmac_sha256(std::span<const uint8_t> key, std::string_view text) {
  KINODE_CHECK(key.size() <= INT_MAX);
  Sha256Digest digest;
  unsigned size = 0;
  KINODE_CHECK(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
                    reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(), &size) != nullptr);
  return digest;
}

}  // namespace kinode::crypto
