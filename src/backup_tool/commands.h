// What each command of `kinode backup` does. Each waits for restic and its remotes.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "backup/settings.h"
#include "backup_tool/home.h"
#include "backup_tool/passwords.h"
#include "base/result.h"

namespace kinode::backup_tool {

/// Makes the repository, or takes one that is there, so that the node's password and the person's open it; then it
/// stands in the settings.
Result<void> add(const Home& home, const backup::Remote& remote, Passwords& passwords, std::ostream& out);
/// Out of the settings; what the remote holds stays.
Result<void> remove(const Home& home, const std::string& remote, std::ostream& out);

/// Of one remote, or of all. They fail where any did, after all were tried.
Result<void> now(const Home& home, const std::optional<std::string>& remote, Passwords& passwords, std::ostream& out);
Result<void> verify(const Home& home, const std::optional<std::string>& remote, uint32_t percent, Passwords& passwords,
                    std::ostream& out);
/// `snapshot` of the remote, or by the settings' retention.
Result<void> forget(const Home& home, const std::optional<std::string>& remote,
                    const std::optional<std::string>& snapshot, Passwords& passwords, std::ostream& out);
Result<void> list(const Home& home, const std::optional<std::string>& remote, Passwords& passwords, std::ostream& out);
Result<void> status(const Home& home, bool as_json, std::ostream& out);

}  // namespace kinode::backup_tool
