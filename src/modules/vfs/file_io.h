// Reading and writing whole ranges of an open file.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "modules/vfs/vfs_error.h"

namespace kinode::modules::vfs {

VfsResult<uint64_t> file_length(int file);

/// Fills `into` as far as the file goes; returns how far.
VfsResult<size_t> read_at(int file, std::span<uint8_t> into, uint64_t offset);

/// Writes all of it. `written`, if given, tells how much, also where it fails.
VfsResult<void> write_at(int file, std::span<const uint8_t> bytes, uint64_t offset, uint64_t* written = nullptr);

/// All of `from` to `to`, which is empty. Where the file system can, both share the blocks.
VfsResult<void> copy_content(int from, int to);

/// Has the content written before a name that is given to the file now can be: after a crash a name never stands for a
/// file that has less in it than the one it replaced had. That is an order, not a flush.
VfsResult<void> write_out(int file);

}  // namespace kinode::modules::vfs
