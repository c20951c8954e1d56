#include "identity/development_key.h"

#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

#include <span>

#include "base/file.h"
#include "crypto/secret.h"

namespace kinode::identity {
namespace {

constexpr size_t seed_size = 32;

std::string path_in(const std::string& home) { return home + "/.development-key"; }

Result<crypto::SigningKey> make_key(const std::string& path) {
  crypto::SigningKey key = crypto::SigningKey::generate();
  const crypto::SecretArray<32> seed = key.seed();
  const std::string_view content(reinterpret_cast<const char*>(seed.data()), seed.size());
  if (Result<void> written = write_private_file(path, content, Existing::kept); !written) {
    return std::unexpected(written.error());
  }
  return key;
}

}  // namespace

bool has_development_key(const std::string& home) {
  struct stat found{};
  return ::lstat(path_in(home).c_str(), &found) == 0;
}

Result<std::optional<crypto::SigningKey>> read_development_key(const std::string& home) {
  const std::string path = path_in(home);
  Result<std::optional<std::string>> content = read_file(path, seed_size + 1, Links::refused);  // to see a longer one
  if (!content) {
    return std::unexpected(content.error());
  }
  if (!*content) {
    return std::nullopt;
  }
  const crypto::Secret seed = crypto::Secret::copy_of(std::string_view(**content));
  OPENSSL_cleanse((*content)->data(), (*content)->size());
  if (seed.size() != seed_size) {
    return fail("{} is not a key of 32 bytes: restore it, or remove it to get a new one", path);
  }
  return crypto::SigningKey::from_seed(seed.span().first<seed_size>());
}

Result<crypto::SigningKey> development_key(const std::string& home) {
  Result<std::optional<crypto::SigningKey>> known = read_development_key(home);
  if (!known) {
    return std::unexpected(known.error());
  }
  return *known ? std::move(**known) : make_key(path_in(home));
}

void forget_development_key(const std::string& home) { ::unlink(path_in(home).c_str()); }

}  // namespace kinode::identity
