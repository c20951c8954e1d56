#include "identity_tool/private_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <system_error>

#include "identity/sealed_keyfile.h"
#include "modules/http_server/rpc/base64.h"

namespace kinode::identity_tool {
namespace {

namespace fs = std::filesystem;

std::unexpected<Error> system_failure(std::string_view what, const fs::path& path, int number = errno) {
  return fail("cannot {} {}: {}", what, path.string(), std::generic_category().message(number));
}

std::string_view without(std::string_view text, std::string_view letters) {
  const size_t first = text.find_first_not_of(letters);
  return first == std::string_view::npos ? "" : text.substr(first, text.find_last_not_of(letters) - first + 1);
}

bool write_all(int file, std::string_view content) {
  while (!content.empty()) {
    const ssize_t size = ::write(file, content.data(), content.size());
    if (size < 0 && errno != EINTR) {
      return false;
    }
    content.remove_prefix(size < 0 ? 0 : static_cast<size_t>(size));
  }
  return ::fsync(file) == 0;
}

/// Gives the draft its name, for good.
bool publish(const fs::path& draft, const fs::path& path, bool replace) {
  const unsigned flags = replace ? 0 : RENAME_NOREPLACE;
  if (::renameat2(AT_FDCWD, draft.c_str(), AT_FDCWD, path.c_str(), flags) != 0) {
    return false;
  }
  const int folder = ::open(fs::absolute(path).parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = folder >= 0 && ::fsync(folder) == 0;
  ::close(folder);
  return synced;
}

}  // namespace

Result<Bytes> read_keyfile_of_any_form(const fs::path& path) {
  constexpr size_t limit = 2 * identity::max_keyfile_size;  // base64 is a third longer
  std::error_code error;
  if (!fs::is_regular_file(path, error)) {
    return fail("there is no file {}", path.string());
  }
  std::ifstream file(path, std::ios::binary);
  std::string content(limit + 1, '\0');
  file.read(content.data(), static_cast<std::streamsize>(content.size()));
  if (!file.is_open() || file.bad()) {
    return fail("cannot read {}", path.string());
  }
  content.resize(static_cast<size_t>(file.gcount()));
  if (content.size() > limit) {
    return fail("{} has more than {} bytes: this is no keyfile", path.string(), limit);
  }
  // The first client answers a login with base64 in quotes, and its owner may have saved that.
  const auto decoded = rpc::decode_base64(without(content, "\" \t\r\n"));
  if (decoded && !decoded->empty()) {
    return Bytes::copy_of(std::span<const uint8_t>(*decoded));
  }
  return Bytes::from(std::move(content));
}

Result<void> write_private_file(const fs::path& path, std::string_view content, bool replace) {
  std::string draft = path.string() + ".XXXXXX";
  const int file = ::mkostemp(draft.data(), O_CLOEXEC);  // for its owner alone
  if (file < 0) {
    return system_failure("write", path);
  }
  const bool written = write_all(file, content);
  const int write_failure = errno;
  ::close(file);
  if (written && publish(draft, path, replace)) {
    return {};
  }
  const int reason = written ? errno : write_failure;
  ::unlink(draft.c_str());
  if (reason == EEXIST) {
    return fail("{} is there already: give another name, or --replace", path.string());
  }
  return system_failure("write", path, reason);
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
