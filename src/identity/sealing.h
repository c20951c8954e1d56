// Sealing: what of a password locks a keyfile. Builds of the first client differ in that, and this node opens what
// either made. It takes about a second of one core for each kind tried (keyfile.h). Any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "identity/keyfile.h"

namespace kinode::identity {

enum class Sealing : uint8_t {
  normal,      // the login hash of the password
  simulation,  // the password as it is: simulation builds, which development nodes are
};

/// An error for names too short for a login hash, where that is wanted.
Result<Bytes> seal(const Keyfile& keyfile, std::string_view password, Sealing sealing);

struct Unsealed {
  Keyfile keyfile;
  Sealing sealing = Sealing::normal;
};

/// Tries both. The error of a wrong password is told by is_incorrect_password.
Result<Unsealed> unseal(const Bytes& file, std::string_view password);

}  // namespace kinode::identity
