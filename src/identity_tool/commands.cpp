#include "identity_tool/commands.h"

#include <algorithm>
#include <ostream>

#include "base/file.h"
#include "codec/base64.h"
#include "identity/development_key.h"
#include "identity/keyfile_store.h"
#include "identity/sealed_keyfile.h"
#include "identity_tool/brought_file.h"
#include "identity_tool/open_home.h"
#include "modules/state/home_lock.h"
#include "types/address.h"

namespace kinode::identity_tool {
namespace {

namespace fs = std::filesystem;

const char* name_of(identity::Sealing sealing) {
  return sealing == identity::Sealing::normal ? "normal builds of the first client" : "simulation builds";
}

Result<void> check_name(const std::string& name) {
  if (!is_safe_node(name) || name == "our") {
    return fail("'{}' cannot be a node's name: it can only contain a-z, 0-9, `-`, `.`, and not be `our`", name);
  }
  return {};
}

void print(const identity::KeyfileNames& names, std::ostream& out) {
  out << "name     " << names.name << "\n";
  for (const std::string& router : names.routers) {
    out << "router   " << router << "\n";
  }
}

void print(const identity::Unsealed& opened, std::ostream& out) {
  out << "key      " << crypto::format_public_key(opened.keyfile.networking_key.public_key()) << "\n"
      << "sealed   for " << name_of(opened.sealing) << "\n";
}

void print_all(const identity::Unsealed& opened, std::ostream& out) {
  print(identity::KeyfileNames{opened.keyfile.name, opened.keyfile.routers}, out);
  print(opened, out);
}

/// New keys must not take the place of others, nor a name that of the one which the home's capabilities have.
Result<void> refuse_used_home(const fs::path& home) {
  Result<std::optional<Bytes>> file = identity::read_keyfile(home);
  if (!file) {
    return std::unexpected(file.error());
  }
  if (*file) {
    return fail("{} has a keyfile already: give another home", home.string());
  }
  std::error_code error;
  if (identity::has_development_key(home.string()) || fs::exists(home / "kernel", error)) {
    return fail(
        "{} is the home of a node that ran: give another home, or start it with a password, which locks its key",
        home.string());
  }
  return {};
}

Result<modules::HomeLock> take(const fs::path& home) {
  if (Result<void> made = make_home(home); !made) {
    return std::unexpected(made.error());
  }
  return modules::HomeLock::take(home);
}

/// As it is to lie in the home: in the form of today, and with a token secret of full length.
Result<Bytes> renewed(const Bytes& file, const identity::Unsealed& opened, const crypto::Secret& password) {
  if (opened.keyfile.rekeyed) {
    return identity::seal(opened.keyfile, text_of(password), opened.sealing);
  }
  Result<identity::SealedKeyfile> sealed = identity::decode_sealed(file);
  return sealed ? Result<Bytes>(identity::encode_sealed(*sealed)) : std::unexpected(sealed.error());
}

Result<void> check_replacing(const Import& wanted, const std::string& name) {
  Result<std::optional<Bytes>> there = identity::read_keyfile(wanted.home);
  if (!there) {
    return std::unexpected(there.error());
  }
  const bool is_taken = *there || identity::has_development_key(wanted.home.string());
  if (is_taken && !wanted.replace) {
    return fail("{} has a key already: give another home, or --replace if that key may be lost", wanted.home.string());
  }
  Result<identity::KeyfileNames> names = *there ? identity::read_names(**there) : fail("none");
  if (names && names->name != name) {
    return fail("{} is the home of {}, and {} is the keyfile of {}: give that one a home of its own",
                wanted.home.string(), names->name, wanted.file.string(), name);
  }
  return {};
}

}  // namespace

Result<void> create(const Creation& wanted, const Password& password, std::ostream& out) {
  for (const std::string& name : wanted.routers) {
    if (Result<void> checked = check_name(name); !checked) {
      return std::unexpected(checked.error().at("--router"));
    }
  }
  if (Result<void> checked = check_name(wanted.name); !checked) {
    return checked;
  }
  if (Result<void> unused = refuse_used_home(wanted.home); !unused) {
    return unused;
  }
  Result<crypto::Secret> secret = password(true);
  if (!secret) {
    return std::unexpected(secret.error());
  }
  identity::Unsealed made{identity::make_keyfile(wanted.name, wanted.routers), wanted.sealing};
  Result<Bytes> file = identity::seal(made.keyfile, text_of(*secret), made.sealing);
  if (!file) {
    return std::unexpected(file.error());
  }
  Result<modules::HomeLock> lock = take(wanted.home);
  if (!lock) {
    return std::unexpected(lock.error());
  }
  if (Result<void> unused = refuse_used_home(wanted.home); !unused) {  // another may have been here meanwhile
    return unused;
  }
  if (Result<void> written = identity::write_keyfile(wanted.home, *file); !written) {
    return written;
  }
  print_all(made, out);
  const std::string home = wanted.home.string();
  out << "\nKeep a copy of " << home << "/.keys, and the password: nobody can make them again.\n"
      << "Next, with the password in KINODE_PASSWORD:\n"
      << "  kinode " << home << (wanted.routers.empty() ? " --ip ADDRESS" : "") << "\n"
      << "  kinode identity record " << home << (wanted.routers.empty() ? " --ip ADDRESS --tcp-port N --ws-port N" : "")
      << "    what others put into their peers.toml\n";
  return {};
}

Result<void> show(const fs::path& home, const Password* password, std::ostream& out) {
  if (password != nullptr) {
    Result<OpenedHome> opened = open_home(home, *password);
    if (!opened) {
      return std::unexpected(opened.error());
    }
    print_all(opened->content, out);
    return {};
  }
  Result<Bytes> file = keyfile_of(home);
  if (!file) {
    return std::unexpected(file.error());
  }
  Result<identity::KeyfileNames> names = identity::read_names(*file);
  if (!names) {
    return std::unexpected(names.error().at((home / ".keys").string()));
  }
  print(*names, out);
  out << "Its key needs the password: KINODE_PASSWORD or --password\n";
  return {};
}

Result<void> export_keyfile(const Export& wanted, const Password& password, std::ostream& out) {
  if (Result<Bytes> file = keyfile_of(wanted.home); !file) {  // before the lock, which would make the home
    return std::unexpected(file.error());
  }
  Result<modules::HomeLock> lock = modules::HomeLock::take(wanted.home);
  if (!lock) {
    return std::unexpected(lock.error());
  }
  Result<OpenedHome> opened = open_home(wanted.home, password);
  if (!opened) {
    return std::unexpected(opened.error());
  }
  Result<Bytes> sealed = identity::seal(opened->content.keyfile, text_of(opened->password), wanted.sealing);
  if (!sealed) {
    return std::unexpected(sealed.error());
  }
  const std::string text = wanted.as_base64 ? codec::encode_base64(sealed->span()) : std::string(sealed->text());
  const Existing existing = wanted.replace ? Existing::replaced : Existing::kept;
  if (Result<void> written = write_private_file(wanted.file, text, existing); !written) {
    const bool is_taken = !wanted.replace && std::filesystem::exists(wanted.file);
    return is_taken ? fail("{}: give another name, or --replace", written.error().message) : written;
  }
  out << "wrote the keyfile of " << opened->content.keyfile.name << " for " << name_of(wanted.sealing) << " to "
      << wanted.file.string() << "\n"
      << "Let one node at a time run with it.\n";
  return {};
}

Result<void> import_keyfile(const Import& wanted, const Password& password, std::ostream& out) {
  Result<Bytes> file = read_keyfile_of_any_form(wanted.file);
  if (!file) {
    return std::unexpected(file.error());
  }
  Result<identity::KeyfileNames> names = identity::read_names(*file);
  if (!names) {
    return std::unexpected(names.error().at(wanted.file.string()));
  }
  Result<void> allowed = check_name(names->name);
  if (allowed) {
    allowed = check_replacing(wanted, names->name);
  }
  if (!allowed) {
    return allowed;
  }
  Result<crypto::Secret> secret = password(false);
  if (!secret) {
    return std::unexpected(secret.error());
  }
  Result<identity::Unsealed> opened = open_keyfile(*file, wanted.file, *secret);
  if (!opened) {
    return std::unexpected(opened.error());
  }
  Result<Bytes> fresh = renewed(*file, *opened, *secret);
  if (!fresh) {
    return std::unexpected(fresh.error());
  }
  Result<modules::HomeLock> lock = take(wanted.home);
  if (!lock) {
    return std::unexpected(lock.error());
  }
  if (Result<void> still = check_replacing(wanted, names->name); !still) {
    return still;
  }
  if (Result<void> written = identity::write_keyfile(wanted.home, *fresh); !written) {
    return written;
  }
  print_all(*opened, out);
  out << "\nIt is in " << wanted.home.string() << " now. Let one node at a time run with it.\n";
  return {};
}

}  // namespace kinode::identity_tool
