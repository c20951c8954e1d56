// What a person brings, and where it goes.
#pragma once

#include <filesystem>

#include "base/bytes.h"
#include "base/result.h"

namespace kinode::identity_tool {

/// A keyfile that somebody brings, as it lies in a home or in base64, with or without quotes around it. Bounded.
Result<Bytes> read_keyfile_of_any_form(const std::filesystem::path& path);

/// Makes the folder, for its owner alone, where there is none.
Result<void> make_home(const std::filesystem::path& home);

}  // namespace kinode::identity_tool
