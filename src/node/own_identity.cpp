#include "node/own_identity.h"

#include <utility>

#include "crypto/random.h"
#include "identity/development_key.h"
#include "identity/keyfile.h"
#include "identity/keyfile_store.h"
#include "identity/sealing.h"

namespace kinode::node {
namespace {

constexpr const char* default_name = "node.dev";
constexpr const char* name_record = "meta/node";
constexpr const char* token_secret_record = "meta/token-secret";
constexpr size_t token_secret_size = 32;

/// The secret in the journal, or a new one, which is put there: logins outlast a restart.
Result<crypto::Secret> settle_token_secret(kernel::Journal& journal) {
  Result<std::optional<Bytes>> known = journal.read(token_secret_record);
  if (!known) {
    return std::unexpected(known.error());
  }
  if (*known && (*known)->size() == token_secret_size) {
    return crypto::Secret::copy_of((*known)->span());
  }
  crypto::Secret secret(token_secret_size);
  crypto::fill_random(secret.span());
  kernel::Batch batch;
  batch.put(token_secret_record, Bytes::copy_of(std::as_const(secret).span()));
  Result<uint64_t> written = journal.write(batch);
  return written ? Result<crypto::Secret>(std::move(secret)) : std::unexpected(written.error());
}

/// The name in the journal, or `wanted`, which is put there.
Result<std::string> settle_name(kernel::Journal& journal, const std::string& home,
                                const std::optional<std::string>& wanted) {
  Result<std::optional<Bytes>> known = journal.read(name_record);
  if (!known) {
    return std::unexpected(known.error());
  }
  if (*known) {
    std::string name((*known)->text());
    if (wanted && *wanted != name) {
      return fail("{} is the home of {}, not of {}: start it under its own name, or use another home", home, name,
                  *wanted);
    }
    return name;
  }
  std::string name = wanted.value_or(default_name);
  kernel::Batch batch;
  batch.put(name_record, Bytes::copy_of(name));
  Result<uint64_t> written = journal.write(batch);
  if (!written) {
    return std::unexpected(written.error());
  }
  return name;
}

std::unexpected<Error> cannot_open(const Options& options, const std::string& name, const Error& error) {
  if (identity::is_incorrect_password(error)) {
    return fail("the password does not open the keys of {} in {}: give the one that they were locked with", name,
                options.home);
  }
  return std::unexpected(error.at(options.home + "/.keys"));
}

/// A keyfile whose token secret had to be replaced, written anew.
Result<void> renew(const Options& options, const identity::Unsealed& opened) {
  Result<Bytes> file = identity::seal(opened.keyfile, *options.password, opened.sealing);
  return file ? identity::write_keyfile(options.home, *file) : std::unexpected(file.error());
}

Result<OwnIdentity> from_keyfile(kernel::Journal& journal, const Options& options, const Bytes& file) {
  Result<identity::KeyfileNames> names = identity::read_names(file);
  if (!names) {
    return std::unexpected(names.error().at(options.home + "/.keys"));
  }
  if (options.node_name && *options.node_name != names->name) {
    return fail("the keyfile of {} is that of {}, not of {}: use another home, or start it without --fake-node-name",
                options.home, names->name, *options.node_name);
  }
  if (!options.password) {
    return fail("{} is the home of {}, whose keys are locked: give the password with KINODE_PASSWORD or --password",
                options.home, names->name);
  }
  Result<identity::Unsealed> opened = identity::unseal(file, *options.password);
  if (!opened) {
    return cannot_open(options, names->name, opened.error());
  }
  identity::Keyfile& keyfile = opened->keyfile;
  Result<std::string> name = settle_name(journal, options.home, keyfile.name);
  if (!name) {
    return std::unexpected(name.error());
  }
  if (keyfile.rekeyed) {
    if (Result<void> renewed = renew(options, *opened); !renewed) {
      return std::unexpected(renewed.error());
    }
  }
  auto key = std::make_shared<const crypto::SigningKey>(std::move(keyfile.networking_key));
  return OwnIdentity{.name = std::move(*name),
                     .key = std::move(key),
                     .routers = std::move(keyfile.routers),
                     .token_secret = std::move(keyfile.token_secret),
                     .is_for_development = opened->sealing == identity::Sealing::simulation};
}

/// A keyfile as development builds of the first client make it. A node that was there without one keeps its key.
Result<OwnIdentity> make_keyfile(const Options& options, std::string name) {
  identity::Keyfile keyfile = identity::make_keyfile(std::move(name), {});
  Result<std::optional<crypto::SigningKey>> known = identity::read_development_key(options.home);
  if (!known) {
    return std::unexpected(known.error());
  }
  if (*known) {
    keyfile.networking_key = std::move(**known);
  }
  Result<Bytes> file = identity::seal(keyfile, *options.password, identity::Sealing::simulation);
  if (!file) {
    return std::unexpected(file.error());
  }
  if (Result<void> written = identity::write_keyfile(options.home, *file); !written) {
    return std::unexpected(written.error());
  }
  identity::forget_development_key(options.home);
  auto key = std::make_shared<const crypto::SigningKey>(std::move(keyfile.networking_key));
  return OwnIdentity{.name = std::move(keyfile.name),
                     .key = std::move(key),
                     .routers = {},
                     .token_secret = std::move(keyfile.token_secret),
                     .is_for_development = true};
}

}  // namespace

Result<OwnIdentity> settle_identity(kernel::Journal& journal, const Options& options) {
  Result<std::optional<Bytes>> file = identity::read_keyfile(options.home);
  if (!file) {
    return std::unexpected(file.error());
  }
  if (*file) {
    return from_keyfile(journal, options, **file);
  }
  Result<std::string> name = settle_name(journal, options.home, options.node_name);
  if (!name) {
    return std::unexpected(name.error());
  }
  if (options.password) {
    return make_keyfile(options, std::move(*name));
  }
  Result<crypto::SigningKey> key = identity::development_key(options.home);
  if (!key) {
    return std::unexpected(key.error());
  }
  Result<crypto::Secret> token_secret = settle_token_secret(journal);
  if (!token_secret) {
    return std::unexpected(token_secret.error());
  }
  return OwnIdentity{.name = std::move(*name),
                     .key = std::make_shared<const crypto::SigningKey>(std::move(*key)),
                     .routers = {},
                     .token_secret = std::move(*token_secret),
                     .is_for_development = true};
}

}  // namespace kinode::node
