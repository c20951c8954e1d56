#include "identity_tool/brought_file.h"

#include <sys/stat.h>

#include <cerrno>
#include <system_error>

#include "base/file.h"
#include "codec/base64.h"
#include "identity/sealed_keyfile.h"

namespace kinode::identity_tool {
namespace {

namespace fs = std::filesystem;

std::string_view without(std::string_view text, std::string_view letters) {
  const size_t first = text.find_first_not_of(letters);
  return first == std::string_view::npos ? "" : text.substr(first, text.find_last_not_of(letters) - first + 1);
}

}  // namespace

Result<Bytes> read_keyfile_of_any_form(const fs::path& path) {
  constexpr size_t limit = 2 * identity::max_keyfile_size;  // base64 is a third longer
  Result<std::optional<std::string>> content = read_file(path, limit, Links::followed);
  if (!content) {
    return std::unexpected(Error{content.error().message + ": this is no keyfile"});
  }
  if (!*content) {
    return fail("there is no file {}", path.string());
  }
  // The first client answers a login with base64 in quotes, and its owner may have saved that.
  const auto decoded = codec::decode_base64(without(**content, "\" \t\r\n"));
  if (decoded && !decoded->empty()) {
    return Bytes::copy_of(std::span<const uint8_t>(*decoded));
  }
  return Bytes::from(std::move(**content));
}

Result<void> make_home(const fs::path& home) {
  std::error_code error;
  if (fs::is_directory(home, error)) {
    return {};
  }
  const fs::path place = home.has_filename() ? fs::absolute(home) : fs::absolute(home).parent_path();
  fs::create_directories(place.parent_path(), error);
  if (error || ::mkdir(place.c_str(), 0700) != 0) {
    return fail("cannot make the home {}: {}. Give a folder that this user may write to, or the name of a new one",
                home.string(), error ? error.message() : std::generic_category().message(errno));
  }
  return {};
}

}  // namespace kinode::identity_tool
