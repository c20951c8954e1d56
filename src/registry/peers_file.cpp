#include "registry/peers_file.h"

#include <filesystem>

#include "base/file.h"
#include "registry/complaints.h"
#include "registry/record.h"

namespace kinode::registry {

namespace {

constexpr size_t most_bytes = size_t{16} << 20;

}  // namespace

Result<Records> read_peers_file(const std::string& path) {
  Result<std::optional<std::string>> text = read_file(path, most_bytes, Links::followed);
  if (!text) {
    return std::unexpected(text.error());
  }
  return *text ? read_records(**text, path) : Records{};
}

Result<std::unique_ptr<PeersFile>> PeersFile::watch(const std::string& path, Registry& registry,
                                                    std::function<void(const std::string&)> report) {
  std::unique_ptr<PeersFile> peers(new PeersFile);
  auto complaints = std::make_shared<Complaints>(std::move(report));
  auto read_again = [path, &registry, complaints] {
    Result<Records> records = read_peers_file(path);
    if (!records) {
      return complaints->tell({records.error()});
    }
    const std::vector<Error> refused = registry.replace(Source::peers_file, std::move(records->identities));
    records->errors.insert(records->errors.end(), refused.begin(), refused.end());
    complaints->tell(records->errors);
  };
  std::string folder = std::filesystem::path(path).parent_path().string();
  Result<std::unique_ptr<FolderWatch>> watch = FolderWatch::start(folder.empty() ? "." : folder, std::move(read_again));
  if (!watch) {
    return std::unexpected(watch.error());
  }
  peers->watch_ = std::move(*watch);
  return peers;
}

}  // namespace kinode::registry
