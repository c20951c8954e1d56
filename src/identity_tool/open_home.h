// A home's keyfile, read and opened.
#pragma once

#include <filesystem>
#include <string_view>

#include "identity/sealing.h"
#include "identity_tool/commands.h"

namespace kinode::identity_tool {

std::string_view text_of(const crypto::Secret& secret);

/// The home's keyfile, which must be there.
Result<Bytes> keyfile_of(const std::filesystem::path& home);

/// `place` is for the error.
Result<identity::Unsealed> open_keyfile(const Bytes& file, const std::filesystem::path& place,
                                        const crypto::Secret& password);

struct OpenedHome {
  identity::Unsealed content;
  crypto::Secret password;
};

Result<OpenedHome> open_home(const std::filesystem::path& home, const Password& password);

}  // namespace kinode::identity_tool
