#include "package/bundle.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "codec/json.h"
#include "package/archive.h"

namespace kinode::package {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view manifest_name = "manifest.json";
constexpr std::string_view metadata_name = "metadata.json";
constexpr std::string_view bundle_index = "file_to_metadata.json";

bool is_file(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

bool is_folder(const fs::path& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}

bool is_package_folder(const fs::path& path) { return is_file(path / metadata_name) && is_folder(path / "pkg"); }

Result<std::string> read_text(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (!in) {
    return fail("{}: cannot be read", path.string());
  }
  return text;
}

/// Puts together what can be used of several packages.
class Collector {
 public:
  explicit Collector(std::vector<Error>* skipped) : skipped_(skipped) {}

  /// Fails when nobody wants to know of packages left out.
  Result<void> add(const std::string& place, Result<PackageSource> package) {
    if (!package) {
      Error error = package.error().at(place);
      if (skipped_ == nullptr) {
        return std::unexpected(std::move(error));
      }
      skipped_->push_back(std::move(error));
      return {};
    }
    packages_.push_back(std::move(*package));
    return {};
  }
  std::vector<PackageSource> take() { return std::move(packages_); }

 private:
  std::vector<Error>* skipped_;
  std::vector<PackageSource> packages_;
};

using Packages = Result<std::vector<PackageSource>>;

Packages one(const std::string& place, Result<PackageSource> package) {
  if (!package) {
    return std::unexpected(package.error().at(place));
  }
  std::vector<PackageSource> packages;
  packages.push_back(std::move(*package));
  return packages;
}

Result<PackageSource> open_folder(const fs::path& folder) {
  Result<std::string> metadata = read_text(folder / metadata_name);
  if (!metadata) {
    return std::unexpected(metadata.error());
  }
  Result<Bytes> zip = zip_folder((folder / "pkg").string());
  if (!zip) {
    return std::unexpected(zip.error());
  }
  return make_package(std::move(*metadata), std::move(*zip));
}

Packages open_folders(const fs::path& folder, std::vector<Error>* skipped) {
  std::vector<fs::path> found;
  std::error_code error;
  fs::directory_iterator at(folder, error);
  for (; !error && at != fs::directory_iterator(); at.increment(error)) {
    if (is_package_folder(at->path())) {
      found.push_back(at->path());
    }
  }
  if (error) {
    return fail("{}: {}", folder.string(), error.message());
  }
  if (found.empty()) {
    return fail("{}: no package here (expected {} and a folder pkg, here or in sub-folders)", folder.string(),
                metadata_name);
  }
  std::ranges::sort(found);
  Collector collector(skipped);
  for (const fs::path& package : found) {
    if (Result<void> added = collector.add(package.string(), open_folder(package)); !added) {
      return std::unexpected(added.error());
    }
  }
  return collector.take();
}

Packages read_bundle(const std::string& place, const Archive& archive, std::vector<Error>* skipped) {
  Result<Bytes> index_text = archive.read(bundle_index);
  if (!index_text) {
    return std::unexpected(index_text.error().at(place));
  }
  Result<nlohmann::json> index = codec::parse_json(index_text->text());
  if (!index || !index->is_object()) {
    return fail("{}: {} must be an object of file names and metadata{}{}", place, bundle_index, index ? "" : ": ",
                index ? "" : index.error().message);
  }
  Collector collector(skipped);
  for (const auto& [file, metadata] : index->items()) {
    Result<PackageSource> package = [&]() -> Result<PackageSource> {
      Result<Bytes> zip = archive.read(file);
      if (!zip) {
        return std::unexpected(zip.error());
      }
      return make_package(metadata.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace), std::move(*zip));
    }();
    if (Result<void> added = collector.add(fmt::format("{}/{}", place, file), std::move(package)); !added) {
      return std::unexpected(added.error());
    }
  }
  return collector.take();
}

Result<PackageSource> open_zip(const fs::path& path, Bytes zip) {
  fs::path beside = path;
  beside.replace_extension(metadata_name);  // X.zip: X.metadata.json
  fs::path shared = path.parent_path() / metadata_name;
  if (!is_file(beside) && !is_file(shared)) {
    return fail("its metadata is missing (expected {} or {})", beside.string(), shared.string());
  }
  Result<std::string> metadata = read_text(is_file(beside) ? beside : shared);
  if (!metadata) {
    return std::unexpected(metadata.error());
  }
  return make_package(std::move(*metadata), std::move(zip));
}

}  // namespace

Result<PackageSource> make_package(std::string metadata_text, Bytes zip) {
  Result<Metadata> metadata = parse_metadata(metadata_text);
  if (!metadata) {
    return std::unexpected(metadata.error());
  }
  Result<Archive> archive = Archive::open(zip);
  if (!archive) {
    return std::unexpected(archive.error());
  }
  Result<Bytes> manifest_text = archive->read(manifest_name);
  if (!manifest_text) {
    return std::unexpected(manifest_text.error());
  }
  Result<Manifest> manifest = parse_manifest(manifest_text->text());
  if (!manifest) {
    return std::unexpected(manifest.error());
  }
  PackageId id = metadata->id();
  return PackageSource{std::move(id), std::move(*metadata), std::move(metadata_text), std::move(zip),
                       std::move(*manifest)};
}

Result<std::vector<PackageSource>> open_bundle(const Bytes& zip, const std::string& place,
                                               std::vector<Error>* skipped) {
  Result<Archive> archive = Archive::open(zip);
  if (!archive) {
    return std::unexpected(archive.error().at(place));
  }
  return read_bundle(place, *archive, skipped);
}

Result<std::vector<PackageSource>> open_packages(const std::string& path, std::vector<Error>* skipped) {
  if (is_package_folder(path)) {
    return one(path, open_folder(path));
  }
  if (is_folder(path)) {
    return open_folders(path, skipped);
  }
  Result<std::string> text = read_text(path);
  if (!text) {
    return std::unexpected(text.error());
  }
  Bytes zip = Bytes::from(std::move(*text));
  Result<Archive> archive = Archive::open(zip);
  if (!archive) {
    return std::unexpected(archive.error().at(path));
  }
  if (archive->contains(bundle_index)) {
    return read_bundle(path, *archive, skipped);
  }
  return one(path, open_zip(path, std::move(zip)));
}

}  // namespace kinode::package
