// bundle-packages OUT FOLDER...: writes a distro bundle (packages-and-kit.md 1.10) of package folders.
// Used by the build alone.
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "package/archive.h"
#include "package/bundle.h"

namespace {

kinode::Result<kinode::Bytes> bundle(const std::vector<std::string>& folders) {
  kinode::package::ArchiveWriter writer;
  nlohmann::ordered_json index = nlohmann::ordered_json::object();
  for (const std::string& folder : folders) {
    auto packages = kinode::package::open_packages(folder);
    if (!packages) {
      return std::unexpected(packages.error());
    }
    std::string file = std::filesystem::path(folder).filename().string() + ".zip";
    index[file] = nlohmann::ordered_json::parse(packages->front().metadata_text);
    if (auto added = writer.add_file(file, packages->front().zip); !added) {
      return std::unexpected(added.error());
    }
  }
  if (auto added = writer.add_file("file_to_metadata.json", kinode::Bytes::from(index.dump(2))); !added) {
    return std::unexpected(added.error());
  }
  return writer.finish();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    fmt::print(stderr, "usage: bundle-packages OUT FOLDER...\n");
    return 2;
  }
  kinode::Result<kinode::Bytes> zip = bundle({argv + 2, argv + argc});
  if (!zip) {
    fmt::print(stderr, "bundle-packages: {}\n", zip.error().message);
    return 1;
  }
  std::ofstream out(argv[1], std::ios::binary);
  out << zip->text();
  return out.flush() ? 0 : 1;
}
