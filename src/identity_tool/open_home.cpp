#include "identity_tool/open_home.h"

#include "identity/keyfile_store.h"

namespace kinode::identity_tool {

namespace fs = std::filesystem;

std::string_view text_of(const crypto::Secret& secret) {
  return {reinterpret_cast<const char*>(secret.data()), secret.size()};
}

Result<Bytes> keyfile_of(const fs::path& home) {
  Result<std::optional<Bytes>> file = identity::read_keyfile(home);
  if (!file) {
    return std::unexpected(file.error());
  }
  if (!*file) {
    return fail("there is no keyfile in {}: `kinode identity create` makes one, `import` brings one", home.string());
  }
  return **file;
}

Result<identity::Unsealed> open_keyfile(const Bytes& file, const fs::path& place, const crypto::Secret& password) {
  Result<identity::Unsealed> opened = identity::unseal(file, text_of(password));
  if (opened) {
    return opened;
  }
  if (identity::is_incorrect_password(opened.error())) {
    return fail("the password does not open {}: give the one that it was locked with", place.string());
  }
  return std::unexpected(opened.error().at(place.string()));
}

Result<OpenedHome> open_home(const fs::path& home, const Password& password) {
  Result<Bytes> file = keyfile_of(home);
  if (!file) {
    return std::unexpected(file.error());
  }
  Result<crypto::Secret> secret = password(false);
  if (!secret) {
    return std::unexpected(secret.error());
  }
  Result<identity::Unsealed> opened = open_keyfile(*file, home / ".keys", *secret);
  if (!opened) {
    return std::unexpected(opened.error());
  }
  return OpenedHome{std::move(*opened), std::move(*secret)};
}

}  // namespace kinode::identity_tool
