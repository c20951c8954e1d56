// The networking key of a node for development: a file in its home, unlocked, for its owner alone.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "crypto/ed25519.h"

namespace kinode::identity {

/// Whether there is something in its place.
bool has_development_key(const std::string& home);
/// The key that `home` has, if any.
Result<std::optional<crypto::SigningKey>> read_development_key(const std::string& home);
/// The key that `home` has, or gets now.
Result<crypto::SigningKey> development_key(const std::string& home);
/// The home has a keyfile from now on.
void forget_development_key(const std::string& home);

}  // namespace kinode::identity
