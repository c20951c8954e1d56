#include "backup_tool/passwords.h"

#include <cstdlib>

#include "backup/password.h"
#include "identity/development_key.h"
#include "identity/keyfile_store.h"
#include "identity_tool/brought_file.h"
#include "identity_tool/open_home.h"
#include "modules/state/rocks_journal.h"

namespace kinode::backup_tool {

Result<const crypto::Secret*> Passwords::of_person(bool is_new) {
  if (!person_) {
    const char* given = std::getenv("KINODE_PASSWORD");
    Result<crypto::Secret> typed = given != nullptr ? crypto::Secret::copy_of(std::string_view(given))
                                                    : ask_(is_new ? "New password for restoring: " : "Password: ");
    if (typed && given == nullptr && is_new) {
      Result<crypto::Secret> again = ask_("The same again: ");
      if (again && !crypto::equal_in_constant_time(typed->span(), again->span())) {
        return fail("the two passwords differ: nothing was done");
      }
      typed = std::move(again);
    }
    if (!typed) {
      return std::unexpected(typed.error());
    }
    if (typed->size() == 0) {
      return fail("the password is empty: it would lock nothing");
    }
    person_ = std::move(*typed);
  }
  return &*person_;
}

Result<crypto::Secret> Passwords::of_node(const std::filesystem::path& home) {
  if (has_keyfile(home)) {
    return of_keyfile(home / ".keys");
  }
  Result<std::optional<crypto::SigningKey>> key = identity::read_development_key(home.string());
  if (!key) {
    return std::unexpected(key.error());
  }
  if (!*key) {
    return fail("{} has no key: give the home of a node that ran, or that `kinode identity create` made",
                home.string());
  }
  return backup::node_password(**key);
}

Result<crypto::Secret> Passwords::of_keyfile(const std::filesystem::path& file) {
  Result<Bytes> bytes = identity_tool::read_keyfile_of_any_form(file);
  if (!bytes) {
    return std::unexpected(bytes.error());
  }
  Result<const crypto::Secret*> password = of_person(false);
  if (!password) {
    return std::unexpected(password.error());
  }
  Result<identity::Unsealed> opened = identity_tool::open_keyfile(*bytes, file, **password);
  return opened ? Result<crypto::Secret>(backup::node_password(opened->keyfile.networking_key))
                : std::unexpected(opened.error());
}

bool has_keyfile(const std::filesystem::path& home) {
  std::error_code ignored;
  return std::filesystem::exists(home / ".keys", ignored);
}

}  // namespace kinode::backup_tool
