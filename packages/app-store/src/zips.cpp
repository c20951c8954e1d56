#include "zips.h"

#include <kinode/process.h>
#include <kinode/vfs.h>

#include <utility>

#include "names.h"

namespace app_store {

using kinode::PackageId;
namespace vfs = kinode::vfs;

namespace {

std::unexpected<std::string> failed(std::string_view what, const vfs::Error& error) {
  return std::unexpected(std::string(what) + ": " + error.text);
}

}  // namespace

std::expected<std::string, std::string> hash_of(const std::string& path) {
  auto hash = vfs::hash(path);
  if (!hash) return std::unexpected(std::move(hash.error().text));
  return hex_of(*hash);
}

std::expected<Manifest, std::string> unpack(const PackageId& package, const std::string& zip,
                                            const std::string& unpacked) {
  // Not there is as good.
  (void)vfs::remove_dir_all(unpacked);
  if (auto done = vfs::add_zip_file(unpacked, zip); !done) return failed("cannot unpack", done.error());
  auto text = vfs::read(unpacked + "/manifest.json");
  if (!text) return failed("no manifest.json", text.error());
  auto manifest = parse_manifest(text->text(), package);
  if (!manifest) return manifest;
  for (const ManifestEntry& entry : *manifest) {
    if (!vfs::metadata(unpacked + '/' + entry.wasm_path)) {
      return std::unexpected("the package has no " + entry.wasm_path + " for " + entry.process.text());
    }
  }
  return manifest;
}

std::expected<void, std::string> keep(const PackageId& package, const std::string& version_hash, const std::string& zip,
                                      const std::string& unpacked) {
  auto manifest = unpack(package, zip, unpacked);
  if (!manifest) {
    (void)vfs::remove_dir_all(unpacked);
    return std::unexpected(std::move(manifest.error()));
  }
  if (auto made = vfs::create_dir_all(kept_folder(package)); !made) return failed("no folder", made.error());
  if (auto moved = vfs::rename(unpacked + "/manifest.json", kept(package, version_hash, ".json")); !moved) {
    return failed("manifest not kept", moved.error());
  }
  if (auto moved = vfs::rename(zip, kept(package, version_hash, ".zip")); !moved) {
    return failed("zip not kept", moved.error());
  }
  (void)vfs::remove_dir_all(unpacked);
  return {};
}

std::expected<void, std::string> write_blob(const std::string& path) {
  static const kinode::Address address = kinode::Address::local("vfs:distro:sys");
  const kinode::Json write = {{"path", path}, {"action", "Write"}};
  auto answer = kinode::send_and_await(address, {.inherit = true, .expects_response = 60, .body = kinode::dump(write)});
  if (!answer) return std::unexpected("the vfs does not take it");
  if (answer->body().text() != "\"Ok\"") return std::unexpected("the vfs says " + answer->body().string());
  return {};
}

}  // namespace app_store
