// Files that a person names, and homes: read and written for that person alone.
#pragma once

#include <filesystem>

#include "base/bytes.h"
#include "base/result.h"

namespace kinode::identity_tool {

/// A keyfile that somebody brings, as it lies in a home or in base64, with or without quotes around it. Bounded.
Result<Bytes> read_keyfile_of_any_form(const std::filesystem::path& path);

/// In one step, on the disk when it returns. Without `replace` it fails where there is something.
Result<void> write_private_file(const std::filesystem::path& path, std::string_view content, bool replace);

/// Makes the folder, for its owner alone, where there is none.
Result<void> make_home(const std::filesystem::path& home);

}  // namespace kinode::identity_tool
