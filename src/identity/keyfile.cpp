#include "identity/keyfile.h"

#include <optional>

#include "crypto/aes_gcm.h"
#include "crypto/password.h"
#include "crypto/random.h"
#include "identity/pkcs8.h"
#include "identity/sealed_keyfile.h"

namespace kinode::identity {
namespace {

constexpr uint32_t rounds = 1'000'000;
constexpr size_t secret_size = 32;
constexpr std::string_view incorrect_password = "Incorrect password";

crypto::Secret random_secret() {
  crypto::Secret secret(secret_size);
  crypto::fill_random(secret.span());
  return secret;
}

struct Opened {
  std::optional<crypto::Secret> networking_key;
  std::optional<crypto::Secret> token_secret;
  std::optional<crypto::Secret> file_key;
};

/// A wrong password opens none of the three; so where one opens the password is right and the others are damaged.
Result<Opened> open(const SealedKeyfile& sealed, std::string_view password_hash) {
  const crypto::SecretArray<32> key = crypto::pbkdf2_sha256(password_hash, sealed.salt, rounds);
  Opened opened{crypto::aes_gcm_open(key, sealed.networking_key), crypto::aes_gcm_open(key, sealed.token_secret),
                crypto::aes_gcm_open(key, sealed.file_key)};
  if (!opened.networking_key && !opened.token_secret && !opened.file_key) {
    return fail("{}", incorrect_password);
  }
  if (!opened.networking_key || !opened.token_secret || !opened.file_key) {
    return fail("the password is right, but the keyfile is damaged: put a copy in its place");
  }
  return opened;
}

}  // namespace

Keyfile make_keyfile(std::string name, std::vector<std::string> routers) {
  return {std::move(name), std::move(routers), crypto::SigningKey::generate(), random_secret(), random_secret()};
}

Result<Bytes> encode(const Keyfile& keyfile, std::string_view password_hash) {
  SealedKeyfile sealed{.name = keyfile.name, .routers = keyfile.routers};
  crypto::fill_random(sealed.salt);
  const crypto::SecretArray<32> key = crypto::pbkdf2_sha256(password_hash, sealed.salt, rounds);
  sealed.networking_key = crypto::aes_gcm_seal(key, encode_pkcs8(keyfile.networking_key).span());
  sealed.token_secret = crypto::aes_gcm_seal(key, keyfile.token_secret.span());
  sealed.file_key = crypto::aes_gcm_seal(key, keyfile.file_key.span());
  Bytes file = encode_sealed(sealed);
  // What could not be read again must not take the place of what can.
  if (Result<SealedKeyfile> again = decode_sealed(file); !again) {
    return fail("no keyfile can be written for the node '{}': {}", keyfile.name, again.error().message);
  }
  return file;
}

Result<Keyfile> decode(const Bytes& file, std::string_view password_hash) {
  Result<SealedKeyfile> sealed = decode_sealed(file);
  if (!sealed) {
    return std::unexpected(sealed.error());
  }
  Result<Opened> opened = open(*sealed, password_hash);
  if (!opened) {
    return std::unexpected(opened.error());
  }
  Result<crypto::SigningKey> networking_key = decode_pkcs8(opened->networking_key->span());
  if (!networking_key) {
    return std::unexpected(networking_key.error().at("keyfile"));
  }
  if (opened->file_key->size() != secret_size) {
    return fail("keyfile: the file key has {} bytes, not {}", opened->file_key->size(), secret_size);
  }
  Keyfile keyfile{std::move(sealed->name), std::move(sealed->routers), std::move(*networking_key),
                  std::move(*opened->token_secret), std::move(*opened->file_key)};
  if (keyfile.token_secret.size() < secret_size) {
    keyfile.token_secret = random_secret();
    keyfile.rekeyed = true;
  }
  return keyfile;
}

bool is_incorrect_password(const Error& error) { return error.message == incorrect_password; }

Result<KeyfileNames> read_names(const Bytes& file) {
  Result<SealedKeyfile> sealed = decode_sealed(file);
  if (!sealed) {
    return std::unexpected(sealed.error());
  }
  return KeyfileNames{std::move(sealed->name), std::move(sealed->routers)};
}

}  // namespace kinode::identity
