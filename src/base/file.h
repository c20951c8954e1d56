// Small files, read and written whole. Both wait for the disk. Any thread.
#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace kinode {

/// Fails where `path`, whose `status` was read, is not of `kind` (S_IFDIR or S_IFREG), or another user than this
/// program's could have written there: what it says is trusted.
Result<void> check_ours(const std::filesystem::path& path, const struct stat& status, mode_t kind);

enum class Links : uint8_t { followed, refused };
/// The content of a file, at most `most` bytes; none where there is none. What is no file is an error, and no pipe is
/// waited for; so is a symbolic link at its place, if those are refused.
Result<std::optional<std::string>> read_file(const std::filesystem::path& path, size_t most, Links links);

enum class Existing : uint8_t { replaced, kept };
/// Writes a file for its owner alone. In one step: whatever happens meanwhile, there is the old file or the new one,
/// whole. When it returns the new one is on the disk. Fails where something is that is to be kept, or is no file.
Result<void> write_private_file(const std::filesystem::path& path, std::string_view content, Existing existing);

/// For the operator, of something written that the system could not bring to the disk. It tells of it once, so that
/// the next try proves nothing: whatever waits for it waits until the next start.
Error lost_writes(const std::filesystem::path& path, std::string_view reason);

}  // namespace kinode
