// Where a node's keyfile is: `<home>/.keys`, readable by the owner alone. It waits for the disk. Any thread; two
// writers at once are the caller's to keep apart.
#pragma once

#include <filesystem>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"

namespace kinode::identity {

/// None where there is none. An error for a symbolic link, for what is no file, and over 1 MiB.
Result<std::optional<Bytes>> read_keyfile(const std::filesystem::path& home);

/// In one step: whatever happens meanwhile, there is the old file or the new one, whole. When it returns the new one is
/// on the disk. An error where `.keys` is a symbolic link: whoever made it shall say where the keys are to be.
Result<void> write_keyfile(const std::filesystem::path& home, const Bytes& file);

}  // namespace kinode::identity
