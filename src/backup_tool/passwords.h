// The two passwords of a repository: the node's, derived from its key, and the person's.
//
// A home with a keyfile has one password for both uses: it opens the keyfile, and the repository. A development home
// has an unlocked key, and the person chooses a password for the repository.
#pragma once

#include <filesystem>
#include <optional>

#include "base/result.h"
#include "crypto/secret.h"
#include "identity_tool/ask_password.h"

namespace kinode::backup_tool {

class Passwords {
 public:
  explicit Passwords(const identity_tool::AskPassword& ask) : ask_(ask) {}

  /// From KINODE_PASSWORD, or typed; twice, if it is new. Asked for once.
  Result<const crypto::Secret*> of_person(bool is_new);
  /// Of the node whose home it is. Needs the person's only where there is a keyfile.
  Result<crypto::Secret> of_node(const std::filesystem::path& home);
  /// Of the node whose keyfile was exported.
  Result<crypto::Secret> of_keyfile(const std::filesystem::path& file);

 private:
  const identity_tool::AskPassword& ask_;
  std::optional<crypto::Secret> person_;
};

/// Whether the home has a keyfile, whose password then opens the repository, too.
bool has_keyfile(const std::filesystem::path& home);

}  // namespace kinode::backup_tool
