#include "package_builder.h"

#include <openssl/sha.h>
#include <zlib.h>

#include "node_process.h"

namespace kinode::conformance {
namespace {

class LittleEndian {
 public:
  LittleEndian& u16(uint64_t value) { return put(value, 2); }
  LittleEndian& u32(uint64_t value) { return put(value, 4); }
  LittleEndian& text(const std::string& value) {
    bytes_ += value;
    return *this;
  }
  [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
  LittleEndian& put(uint64_t value, int size) {
    for (int i = 0; i < size; ++i) {
      bytes_ += static_cast<char>(value >> (8 * i) & 0xff);
    }
    return *this;
  }
  std::string bytes_;
};

}  // namespace

std::string zip(const std::vector<std::pair<std::string, std::string>>& entries) {
  LittleEndian archive;
  LittleEndian directory;
  for (const auto& [name, content] : entries) {
    const uint64_t sum = crc32(0, reinterpret_cast<const Bytef*>(content.data()), static_cast<uInt>(content.size()));
    const uint64_t offset = archive.bytes().size();
    // version, flags, method, time, date; then sum and sizes
    LittleEndian common;
    common.u16(20)
        .u16(0)
        .u16(0)
        .u16(0)
        .u16(0x56d3)
        .u32(sum)
        .u32(content.size())
        .u32(content.size())
        .u16(name.size())
        .u16(0);
    archive.u32(0x04034b50).text(common.bytes()).text(name).text(content);
    directory.u32(0x02014b50).u16(0x0314).text(common.bytes()).u16(0).u16(0).u16(0);
    directory.u32(uint64_t{name.ends_with('/') ? 040755U : 0100644U} << 16U).u32(offset).text(name);
  }
  const uint64_t start = archive.bytes().size();
  archive.text(directory.bytes());
  archive.u32(0x06054b50).u16(0).u16(0).u16(entries.size()).u16(entries.size());
  archive.u32(directory.bytes().size()).u32(start).u16(0);
  return archive.bytes();
}

std::string sha256_hex(const std::string& bytes) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest);
  std::string hex;
  for (unsigned char byte : digest) {
    hex += "0123456789abcdef"[byte >> 4U];
    hex += "0123456789abcdef"[byte & 15U];
  }
  return hex;
}

Json manifest_entry(const std::string& process, const std::string& wasm_path, const Json& more) {
  Json entry = {{"process_name", process},
                {"process_wasm_path", wasm_path},
                {"on_exit", "Restart"},
                {"request_networking", false},
                {"request_capabilities", Json::array({"http-server:distro:sys", "vfs:distro:sys"})},
                {"grant_capabilities", Json::array({"http-server:distro:sys"})},
                {"public", true}};
  entry.update(more);
  return entry;
}

Json metadata(const std::string& package, const std::string& publisher) {
  Json properties = {{"package_name", package},      {"publisher", publisher},         {"current_version", "1.0.0"},
                     {"mirrors", Json::array()},     {"code_hashes", {{"1.0.0", ""}}}, {"wit_version", 1},
                     {"dependencies", Json::array()}};
  return {{"name", package}, {"description", "made by a test"}, {"image", ""}, {"properties", std::move(properties)}};
}

Json store_metadata(const std::string& package, const std::string& publisher, const std::string& version_hash) {
  Json told = metadata(package, publisher);
  told["properties"]["code_hashes"] = Json::array({Json::array({"1.0.0", version_hash})});
  return told;
}

std::string PackageFolder::write() const {
  write_file(folder / "metadata.json", metadata(package, publisher).dump());
  write_file(folder / "pkg" / "manifest.json", manifest.dump());
  for (const auto& [name, content] : files) {
    write_file(folder / "pkg" / name, content);
  }
  return folder.string();
}

}  // namespace kinode::conformance
