#include "backup/password.h"

#include <openssl/crypto.h>

#include <string>

#include "crypto/blake2s.h"
#include "crypto/hex.h"

namespace kinode::backup {

crypto::Secret node_password(const crypto::SigningKey& key) {
  constexpr std::string_view label = "kinode backup repository 1";
  const crypto::SecretArray<32> seed = key.seed();
  const crypto::SecretArray<32> derived =
      crypto::blake2s_hmac(seed.span(), {reinterpret_cast<const uint8_t*>(label.data()), label.size()});
  std::string digits = crypto::to_hex(derived.span());
  crypto::Secret password = crypto::Secret::copy_of(digits);
  OPENSSL_cleanse(digits.data(), digits.size());
  return password;
}

}  // namespace kinode::backup
