// What opens a keyfile, made of a password. Any thread; it takes tens of milliseconds and 19 MiB.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace kinode::identity {

/// The text that the registration page also makes: 0x and 64 digits, by Argon2id with the node's name as salt. In
/// simulation mode the password itself takes its place. An error for names of less than 8 bytes, which are no salt.
Result<std::string> login_hash(std::string_view password, std::string_view node_name);

}  // namespace kinode::identity
