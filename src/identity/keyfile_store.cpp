#include "identity/keyfile_store.h"

#include "base/file.h"
#include "identity/sealed_keyfile.h"

namespace kinode::identity {
namespace {

std::filesystem::path keyfile_path(const std::filesystem::path& home) { return home / ".keys"; }

}  // namespace

Result<std::optional<Bytes>> read_keyfile(const std::filesystem::path& home) {
  Result<std::optional<std::string>> content = read_file(keyfile_path(home), max_keyfile_size, Links::refused);
  if (!content) {
    return std::unexpected(content.error());
  }
  return *content ? std::optional(Bytes::from(std::move(**content))) : std::nullopt;
}

Result<void> write_keyfile(const std::filesystem::path& home, const Bytes& file) {
  return write_private_file(keyfile_path(home), file.text(), Existing::replaced);
}

}  // namespace kinode::identity
