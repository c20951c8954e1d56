// Who this node is: its name and its networking key.
//
// With a password they stand in the home's keyfile (networking.md 2.1), which is made where there is none.
// Without one the node is for development: its key stands in the home as it is, for its owner alone.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "crypto/ed25519.h"
#include "crypto/secret.h"
#include "kernel/journal.h"
#include "node/options.h"

namespace kinode::node {

struct OwnIdentity {
  std::string name;
  std::shared_ptr<const crypto::SigningKey> key;
  /// As the keyfile says.
  std::vector<std::string> routers;
  /// Signs login tokens. That of a node without a keyfile is kept in the journal.
  crypto::Secret token_secret;
  /// Without a keyfile, or with one as simulation builds lock it.
  bool is_for_development = false;
};

/// The identity that the home has, or gets now. Its name stands in every capability stored there, so it
/// stays. Fails where the options name another, or the password is missing or wrong.
Result<OwnIdentity> settle_identity(kernel::Journal& journal, const Options& options);

}  // namespace kinode::node
