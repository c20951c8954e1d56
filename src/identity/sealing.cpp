#include "identity/sealing.h"

#include <openssl/crypto.h>

#include "identity/login.h"

namespace kinode::identity {
namespace {

/// What locks a normal keyfile; no copy of it is left behind.
Result<crypto::Secret> login_secret(std::string_view password, std::string_view name) {
  Result<std::string> hash = login_hash(password, name);
  if (!hash) {
    return std::unexpected(hash.error());
  }
  crypto::Secret secret = crypto::Secret::copy_of(*hash);
  OPENSSL_cleanse(hash->data(), hash->size());
  return secret;
}

std::string_view text_of(const crypto::Secret& secret) {
  return {reinterpret_cast<const char*>(secret.data()), secret.size()};
}

Result<Unsealed> as(Sealing sealing, Result<Keyfile> keyfile) {
  if (!keyfile) {
    return std::unexpected(keyfile.error());
  }
  return Unsealed{std::move(*keyfile), sealing};
}

}  // namespace

Result<Bytes> seal(const Keyfile& keyfile, std::string_view password, Sealing sealing) {
  if (sealing == Sealing::simulation) {
    return encode(keyfile, password);
  }
  Result<crypto::Secret> secret = login_secret(password, keyfile.name);
  return secret ? encode(keyfile, text_of(*secret)) : std::unexpected(secret.error());
}

Result<Unsealed> unseal(const Bytes& file, std::string_view password) {
  Result<Keyfile> plain = decode(file, password);
  if (plain || !is_incorrect_password(plain.error())) {
    return as(Sealing::simulation, std::move(plain));
  }
  Result<KeyfileNames> names = read_names(file);
  if (!names) {
    return std::unexpected(names.error());
  }
  Result<crypto::Secret> secret = login_secret(password, names->name);
  if (!secret) {
    return std::unexpected(plain.error());  // no normal build can have made it
  }
  return as(Sealing::normal, decode(file, text_of(*secret)));
}

}  // namespace kinode::identity
