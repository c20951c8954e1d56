#include "identity/login.h"

#include <cstdint>

#include "crypto/hex.h"
#include "crypto/password.h"

namespace kinode::identity {

Result<std::string> login_hash(std::string_view password, std::string_view node_name) {
  constexpr size_t shortest_salt = 8;
  if (node_name.size() < shortest_salt) {
    return fail(
        "the node name '{}' has less than {} letters, so no normal build of the first client opens a keyfile of it "
        "with a "
        "password: take a longer name, or seal it for simulation builds",
        node_name, shortest_salt);
  }
  const auto* salt = reinterpret_cast<const uint8_t*>(node_name.data());
  Result<crypto::SecretArray<32>> hash = crypto::argon2id(password, {salt, node_name.size()});
  if (!hash) {
    return std::unexpected(hash.error());
  }
  return "0x" + crypto::to_hex(hash->span());
}

}  // namespace kinode::identity
