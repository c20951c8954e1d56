#include "crypto/hmac.h"

#include <openssl/hmac.h>

#include <algorithm>
#include <climits>
#include <vector>

#include "base/check.h"
#include "crypto/secret.h"

namespace kinode::crypto {

Hmac hmac_sha256(std::span<const uint8_t> key, std::span<const uint8_t> message) {
  KINODE_CHECK(key.size() <= INT_MAX);
  Hmac code{};
  unsigned size = 0;
  // An empty key needs an address all the same: null would mean the key of an earlier call.
  const uint8_t* key_data = key.empty() ? code.data() : key.data();
  const uint8_t* written =
      HMAC(EVP_sha256(), key_data, static_cast<int>(key.size()), message.data(), message.size(), code.data(), &size);
  KINODE_CHECK(written != nullptr && size == code.size());
  return code;
}

void hkdf_sha256(std::span<const uint8_t> secret, std::span<const uint8_t> salt, std::span<const uint8_t> info,
                 std::span<uint8_t> out) {
  KINODE_CHECK(out.size() <= 255 * std::tuple_size_v<Hmac>, "{} bytes", out.size());
  SecretArray<32> key(hmac_sha256(salt, secret));
  std::vector<uint8_t> input(info.begin(), info.end());
  input.push_back(0);
  while (!out.empty()) {
    ++input.back();
    const SecretArray<32> block(hmac_sha256(key.span(), input));
    const size_t size = std::min(out.size(), block.size());
    std::ranges::copy(block.span().first(size), out.begin());
    out = out.subspan(size);
    if (!out.empty()) {  // the next block covers this one
      const uint8_t counter = input.back();
      input.assign(block.span().begin(), block.span().end());
      input.insert(input.end(), info.begin(), info.end());
      input.push_back(counter);
    }
  }
  OPENSSL_cleanse(input.data(), input.size());
}

}  // namespace kinode::crypto
