// Reading of files that a person names.
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace kinode::kit {

/// The whole file. Fails with its path and the system's reason.
Result<Bytes> read_file(const std::string& path);

}  // namespace kinode::kit
