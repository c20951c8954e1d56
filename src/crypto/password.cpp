#include "crypto/password.h"

#include <argon2.h>

#include <climits>

#include "base/check.h"
#include "crypto/openssl.h"

namespace kinode::crypto {

SecretArray<32> pbkdf2_sha256(std::string_view password, std::span<const uint8_t> salt, uint32_t rounds) {
  KINODE_CHECK(password.size() <= INT_MAX && salt.size() <= INT_MAX && rounds > 0 && rounds <= INT_MAX);
  SecretArray<32> key;
  KINODE_CHECK(PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), salt.data(),
                                 static_cast<int>(salt.size()), static_cast<int>(rounds), EVP_sha256(),
                                 static_cast<int>(key.size()), key.data()) == 1);
  return key;
}

Result<SecretArray<32>> argon2id(std::string_view password, std::span<const uint8_t> salt, Argon2Cost cost) {
  SecretArray<32> key;
  const int error = argon2id_hash_raw(cost.passes, cost.memory_kib, cost.lanes, password.data(), password.size(),
                                      salt.data(), salt.size(), key.data(), key.size());
  if (error != ARGON2_OK) {
    return fail("Argon2id of a password: {}", argon2_error_message(error));
  }
  return key;
}

}  // namespace kinode::crypto
