// What vfs:distro:sys answers when it cannot (modules.md 2.1).
#pragma once

#include <cstdint>
#include <expected>
#include <string>

#include "base/result.h"

namespace kinode::modules::vfs {

struct VfsError {
  enum class Kind : uint8_t {
    no_write_cap,
    no_read_cap,
    add_cap_failed,
    malformed_request,
    no_blob,
    parse_error,  // a zip that cannot be read or is not safe
    io_error,     // the operating system's word
    unzip_error,  // an entry that cannot be unpacked
  };
  Kind kind = Kind::malformed_request;
  /// For people: of io_error and parse_error it is part of the answer, of others it only explains.
  std::string text;
  /// Of io_error where the system gave one, else 0.
  int number = 0;
  /// Of parse_error: the path of the request, as it names files for guests.
  std::string path;

  /// For callers within the node.
  [[nodiscard]] Error to_error() const;
};

template <class T>
using VfsResult = std::expected<T, VfsError>;

/// "No such file or directory (os error 2)".
[[nodiscard]] std::unexpected<VfsError> io_error(int number);
/// An io_error that the system has no number for.
[[nodiscard]] std::unexpected<VfsError> io_error(std::string text);
[[nodiscard]] std::unexpected<VfsError> malformed(std::string text);

/// The name of the kind in JSON, "NoWriteCap".
std::string_view name_of(VfsError::Kind kind);

}  // namespace kinode::modules::vfs
