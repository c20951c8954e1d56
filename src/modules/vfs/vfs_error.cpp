#include "modules/vfs/vfs_error.h"

#include <fmt/format.h>

#include <system_error>

namespace kinode::modules::vfs {

Error VfsError::to_error() const {
  if (kind == Kind::io_error) {
    return {text};
  }
  return {text.empty() ? std::string(name_of(kind)) : fmt::format("{}: {}", name_of(kind), text)};
}

std::unexpected<VfsError> io_error(int number) {
  return std::unexpected(VfsError{VfsError::Kind::io_error,
                                  fmt::format("{} (os error {})", std::generic_category().message(number), number),
                                  number,
                                  {}});
}

std::unexpected<VfsError> io_error(std::string text) {
  return std::unexpected(VfsError{VfsError::Kind::io_error, std::move(text), 0, {}});
}

std::unexpected<VfsError> malformed(std::string text) {
  return std::unexpected(VfsError{VfsError::Kind::malformed_request, std::move(text), 0, {}});
}

std::string_view name_of(VfsError::Kind kind) {
  switch (kind) {
    case VfsError::Kind::no_write_cap:
      return "NoWriteCap";
    case VfsError::Kind::no_read_cap:
      return "NoReadCap";
    case VfsError::Kind::add_cap_failed:
      return "AddCapFailed";
    case VfsError::Kind::malformed_request:
      return "MalformedRequest";
    case VfsError::Kind::no_blob:
      return "NoBlob";
    case VfsError::Kind::parse_error:
      return "ParseError";
    case VfsError::Kind::io_error:
      return "IOError";
    case VfsError::Kind::unzip_error:
      return "UnzipError";
  }
  return "IOError";
}

}  // namespace kinode::modules::vfs
