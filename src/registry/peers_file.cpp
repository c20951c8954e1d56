#include "registry/peers_file.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "registry/record.h"

namespace kinode::registry {

Result<Records> read_peers_file(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) {
    return Records{};
  }
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (file.bad() || !file.is_open()) {
    return fail("cannot read {}", path);
  }
  return read_records(text, path);
}

Result<std::unique_ptr<PeersFile>> PeersFile::watch(const std::string& path, Registry& registry,
                                                    std::function<void(const std::string&)> report) {
  std::unique_ptr<PeersFile> peers(new PeersFile);
  std::string last;  // equal complaints are not repeated when other files of the folder change
  auto read_again = [path, &registry, report = std::move(report), last]() mutable {
    Result<Records> records = read_peers_file(path);
    std::vector<Error> errors;
    if (!records) {
      errors.push_back(records.error());
    } else {
      errors = registry.replace(Source::peers_file, std::move(records->identities));
      errors.insert(errors.begin(), records->errors.begin(), records->errors.end());
    }
    std::string lines;
    for (const Error& error : errors) {
      lines += (lines.empty() ? "" : "\n") + error.message;
    }
    if (lines != std::exchange(last, lines) && !lines.empty()) {
      report(lines);
    }
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
