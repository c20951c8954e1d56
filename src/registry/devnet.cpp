#include "registry/devnet.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iterator>

#include "base/file.h"
#include "registry/complaints.h"

namespace kinode::registry {
namespace {

namespace fs = std::filesystem;

/// Records are of this user's nodes: who else could write them could lead this node anywhere.
Result<void> make_folder(const std::string& folder) {
  std::error_code error;
  if (fs::create_directories(folder, error)) {
    fs::permissions(folder, fs::perms::owner_all, error);
  }
  struct stat status{};
  if (error || ::stat(folder.c_str(), &status) != 0) {
    return fail("cannot make the folder {} for a development network: {}", folder,
                error ? error.message() : std::generic_category().message(errno));
  }
  Result<void> checked = check_ours(folder, status, S_IFDIR);
  return checked ? checked : fail("{}; or give another folder with --devnet", checked.error().message);
}

/// None once its node has stopped.
Result<Records> read_record_of(const fs::path& path) {
  constexpr size_t most_bytes = 65'536;
  Result<std::optional<std::string>> text = read_file(path, most_bytes, Links::refused);
  if (!text) {
    return std::unexpected(text.error());
  }
  return *text ? read_records(**text, path.string()) : Records{};
}

}  // namespace

std::string Devnet::default_folder() {
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  return runtime != nullptr && *runtime != '\0' ? fmt::format("{}/kinode-devnet", runtime)
                                                : fmt::format("/tmp/kinode-devnet-{}", ::geteuid());
}

Result<std::unique_ptr<Devnet>> Devnet::join(std::string folder, const std::string& name) {
  if (Result<void> made = make_folder(folder); !made) {
    return std::unexpected(made.error());
  }
  const std::string path = fmt::format("{}/{}.lock", folder, name);
  const int lock = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (lock < 0) {
    return fail("cannot open {}: {}", path, std::generic_category().message(errno));
  }
  if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
    ::close(lock);
    return fail(
        "a node named {} runs in the development network {}: give this one another name with "
        "--fake-node-name, or another folder with --devnet",
        name, folder);
  }
  return std::unique_ptr<Devnet>(new Devnet(std::move(folder), name, lock));
}

Devnet::~Devnet() {
  watch_ = nullptr;
  ::unlink(path_of(name_ + ".toml").c_str());
  ::close(lock_);
}

Result<void> Devnet::publish(const Identity& ours, const crypto::SigningKey& key) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto issued = static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(now).count());
  return write_private_file(path_of(name_ + ".toml"), write_record({ours, issued}, key), Existing::replaced);
}

Result<void> Devnet::follow(Registry& registry, std::function<void(const std::string&)> report) {
  auto complaints = std::make_shared<Complaints>(std::move(report));
  auto read_again = [this, &registry, complaints] {
    std::vector<Error> errors;
    std::vector<Identity> others;
    std::error_code error;
    for (const fs::directory_entry& file : fs::directory_iterator(folder_, error)) {
      const std::string name = file.path().stem();
      if (file.path().extension() != ".toml" || name == name_) {
        continue;
      }
      Result<Records> records = read_record_of(file.path());
      if (!records) {
        errors.push_back(records.error());
        continue;
      }
      errors.insert(errors.end(), records->errors.begin(), records->errors.end());
      // A file speaks for its own name alone.
      std::ranges::copy_if(std::move(records->identities), std::back_inserter(others),
                           [&](const Identity& identity) { return identity.name == name; });
    }
    const std::vector<Error> refused = registry.replace(Source::devnet, std::move(others));
    errors.insert(errors.end(), refused.begin(), refused.end());
    complaints->tell(errors);
  };
  Result<std::unique_ptr<FolderWatch>> watch = FolderWatch::start(folder_, std::move(read_again));
  if (!watch) {
    return std::unexpected(watch.error());
  }
  watch_ = std::move(*watch);
  return {};
}

}  // namespace kinode::registry
