#include "registry/devnet.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

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
  if (error || ::stat(folder.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) {
    return fail("cannot make the folder {} for a development network: {}", folder,
                error ? error.message() : std::generic_category().message(errno));
  }
  if (status.st_uid != ::geteuid()) {
    return fail("the folder {} belongs to another user: give one of your own with --devnet", folder);
  }
  return {};
}

/// All of a small file; empty if it is not there any more.
std::string read_file(const fs::path& path) {
  constexpr size_t record_limit = 65'536;
  std::ifstream file(path, std::ios::binary);
  std::string text(record_limit, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(file.gcount()));
  return text;
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
  const std::string path = path_of(name_ + ".toml");
  const std::string draft = path_of("." + name_ + ".draft");
  {
    std::ofstream file(draft, std::ios::binary | std::ios::trunc);
    file << write_record({ours, issued}, key);
    if (!file.flush()) {
      return fail("cannot write {}", draft);
    }
  }
  std::error_code error;
  fs::rename(draft, path, error);
  if (error) {
    return fail("cannot write {}: {}", path, error.message());
  }
  return {};
}

Result<void> Devnet::follow(Registry& registry, std::function<void(const std::string&)> report) {
  auto read_again = [this, &registry, report = std::move(report)] {
    std::vector<Identity> others;
    std::error_code error;
    for (const fs::directory_entry& file : fs::directory_iterator(folder_, error)) {
      if (file.path().extension() != ".toml" || file.path().stem() == name_) {
        continue;
      }
      Result<Records> records = read_records(read_file(file.path()), file.path().string());
      if (!records) {
        report(records.error().message);
        continue;
      }
      for (Identity& identity : records->identities) {
        // A file speaks for its own name alone.
        if (identity.name == file.path().stem()) {
          others.push_back(std::move(identity));
        }
      }
    }
    for (const Error& wrong : registry.replace(Source::devnet, std::move(others))) {
      report(wrong.message);
    }
  };
  Result<std::unique_ptr<FolderWatch>> watch = FolderWatch::start(folder_, std::move(read_again));
  if (!watch) {
    return std::unexpected(watch.error());
  }
  watch_ = std::move(*watch);
  return {};
}

}  // namespace kinode::registry
