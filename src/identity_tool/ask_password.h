// Asking a person for a password. The thread waits for that person.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "crypto/secret.h"

namespace kinode::identity_tool {

using AskPassword = std::function<Result<crypto::Secret>(const std::string& prompt)>;

/// On the terminal that the program was started from, whatever its input is; what is typed is not shown. Fails where
/// there is none, and when the person interrupts.
Result<crypto::Secret> ask_on_terminal(const std::string& prompt);
/// The same on an open terminal.
Result<crypto::Secret> ask_on(int terminal, const std::string& prompt);

}  // namespace kinode::identity_tool
