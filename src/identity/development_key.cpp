#include "identity/development_key.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace kinode::identity {
namespace {

std::string path_in(const std::string& home) { return home + "/.development-key"; }

std::unexpected<Error> failed(std::string_view what, const std::string& path) {
  return fail("cannot {} {}: {}", what, path, std::generic_category().message(errno));
}

/// Through a draft, so that there is never half a key.
Result<crypto::SigningKey> make_key(const std::string& path) {
  crypto::SigningKey key = crypto::SigningKey::generate();
  const crypto::SecretArray<32> seed = key.seed();
  const std::string draft = path + ".draft";
  ::unlink(draft.c_str());  // of a writer that did not end, or put there by another
  const int file = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) {
    return failed("write", draft);
  }
  const bool written =
      ::write(file, seed.data(), seed.size()) == static_cast<ssize_t>(seed.size()) && ::fsync(file) == 0;
  ::close(file);
  if (!written || ::rename(draft.c_str(), path.c_str()) != 0) {
    return failed("write", path);
  }
  return key;
}

}  // namespace

bool has_development_key(const std::string& home) {
  struct stat found{};
  return ::lstat(path_in(home).c_str(), &found) == 0;
}

Result<std::optional<crypto::SigningKey>> read_development_key(const std::string& home) {
  const std::string path = path_in(home);
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (file < 0) {
    if (errno == ENOENT) {
      return std::nullopt;
    }
    return failed("read", path);
  }
  crypto::SecretArray<33> content;  // one byte more, to see that there is none
  const ssize_t size = ::read(file, content.data(), content.size());
  ::close(file);
  if (size != 32) {
    return fail("{} is not a key of 32 bytes: restore it, or remove it to get a new one", path);
  }
  return crypto::SigningKey::from_seed(content.span().first<32>());
}

Result<crypto::SigningKey> development_key(const std::string& home) {
  Result<std::optional<crypto::SigningKey>> known = read_development_key(home);
  if (!known) {
    return std::unexpected(known.error());
  }
  return *known ? std::move(**known) : make_key(path_in(home));
}

void forget_development_key(const std::string& home) { ::unlink(path_in(home).c_str()); }

}  // namespace kinode::identity
