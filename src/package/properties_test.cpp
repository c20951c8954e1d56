// What is written of a package is read as it was.
#include <gmock/gmock.h>

#include <algorithm>
#include <map>

#include "codec/generators_test.h"
#include "codec/json.h"
#include "package/archive.h"
#include "package/manifest.h"
#include "package/metadata.h"

namespace kinode::package {
namespace {

using codec::any_address;
using codec::any_bytes;
using codec::any_on_exit;
using codec::any_text;
using codec::maybe_text;
using codec::some;

std::string any_name() {
  return *rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab09-"))));
}

std::optional<std::vector<std::string>> maybe_texts() {
  return *rc::gen::arbitrary<bool>() ? std::optional(some(any_text)) : std::nullopt;
}

Metadata any_metadata() {
  Metadata metadata;
  metadata.name = maybe_text();
  metadata.description = maybe_text();
  metadata.image = maybe_text();
  metadata.external_url = maybe_text();
  metadata.animation_url = maybe_text();
  Properties& properties = metadata.properties;
  properties.package_name = any_name();
  properties.publisher = any_name() + ".os";
  properties.current_version = any_text();
  properties.mirrors = some(any_text);
  properties.code_hashes = some([] {
    std::string version = any_text();
    return std::pair(version, any_text());
  });
  properties.license = maybe_text();
  properties.screenshots = maybe_texts();
  properties.dependencies = maybe_texts();
  properties.api_includes = maybe_texts();
  if (*rc::gen::arbitrary<bool>()) {
    properties.wit_version = *rc::gen::arbitrary<uint32_t>();
  }
  return metadata;
}

TEST(MetadataProperty, IsReadAsItWasWritten) {
  EXPECT_TRUE(rc::check("with pairs, which do not know api_includes", [] {
    Metadata metadata = any_metadata();
    Result<Metadata> back = parse_metadata(metadata_json(metadata, CodeHashes::pairs));
    RC_ASSERT(back.has_value());
    metadata.properties.api_includes.reset();
    RC_ASSERT(*back == metadata);
  }));
  EXPECT_TRUE(rc::check("with a map, which has each version once, in order", [] {
    Metadata metadata = any_metadata();
    Result<Metadata> back = parse_metadata(metadata_json(metadata, CodeHashes::map));
    RC_ASSERT(back.has_value());
    std::map<std::string, std::string> hashes;
    for (const auto& [version, hash] : metadata.properties.code_hashes) {
      hashes[version] = hash;
    }
    metadata.properties.code_hashes.assign(hashes.begin(), hashes.end());
    RC_ASSERT(*back == metadata);
  }));
}

CapabilityItem any_item() {
  ProcessId process = any_address().process();
  return {std::move(process), *rc::gen::element<std::string>(R"("messaging")", R"({"root":true})", "[1,2.0]", "null")};
}

/// As an author writes it: the messaging capability by the process's id alone, or by its params too.
nlohmann::ordered_json written(const CapabilityItem& item) {
  if (item.params == messaging_params && *rc::gen::arbitrary<bool>()) {
    return item.process.text();
  }
  return {{"process", item.process.text()}, {"params", nlohmann::ordered_json::parse(item.params)}};
}

nlohmann::ordered_json written(const ManifestEntry& entry) {
  nlohmann::ordered_json requested = nlohmann::ordered_json::array();
  for (const CapabilityItem& item : entry.request_capabilities) {
    requested.push_back(written(item));
  }
  nlohmann::ordered_json granted = nlohmann::ordered_json::array();
  for (const CapabilityItem& item : entry.grant_capabilities) {
    granted.push_back(written(item));
  }
  return {{"process_name", entry.process_name},
          {"process_wasm_path", entry.process_wasm_path},
          {"on_exit", codec::to_json(entry.on_exit)},
          {"request_networking", entry.request_networking},
          {"request_capabilities", requested},
          {"grant_capabilities", granted},
          {"public", entry.is_public}};
}

ManifestEntry any_entry() {
  ManifestEntry entry;
  entry.process_name = any_text();
  entry.process_wasm_path = any_text();
  entry.on_exit = any_on_exit();
  entry.request_networking = *rc::gen::arbitrary<bool>();
  entry.request_capabilities = some(any_item);
  entry.grant_capabilities = some(any_item);
  entry.is_public = *rc::gen::arbitrary<bool>();
  return entry;
}

TEST(ManifestProperty, IsReadAsItWasWritten) {
  EXPECT_TRUE(rc::check("every field", [] {
    std::vector<ManifestEntry> entries = some(any_entry);
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const ManifestEntry& entry : entries) {
      list.push_back(written(entry));
    }
    Result<Manifest> manifest = parse_manifest(codec::to_text(list));
    RC_ASSERT(manifest.has_value());
    RC_ASSERT(manifest->entries.size() == entries.size());
    for (size_t i = 0; i < entries.size(); ++i) {
      const ManifestEntry& read = manifest->entries[i];
      RC_ASSERT(read.process_name == entries[i].process_name);
      RC_ASSERT(read.process_wasm_path == entries[i].process_wasm_path);
      RC_ASSERT(read.on_exit == entries[i].on_exit);
      RC_ASSERT(read.request_networking == entries[i].request_networking);
      RC_ASSERT(read.request_capabilities == entries[i].request_capabilities);
      RC_ASSERT(read.grant_capabilities == entries[i].grant_capabilities);
      RC_ASSERT(read.is_public == entries[i].is_public);
    }
  }));
}

TEST(ArchiveProperty, HoldsWhatWasAddedWhateverTheOrder) {
  EXPECT_TRUE(rc::check("files of few names, some twice", [] {
    std::map<std::string, Bytes> files;
    ArchiveWriter writer;
    for (int i = *rc::gen::inRange(0, 8); i > 0; --i) {
      std::string name = *rc::gen::element<std::string>("a", "b/c", "b/d", "b-", "é/€", "x/y/z");
      Bytes content = any_bytes();
      RC_ASSERT(writer.add_file(name, content).has_value());
      files.insert_or_assign(name, content);
    }
    Result<Archive> archive = Archive::open(*writer.finish());
    RC_ASSERT(archive.has_value());
    for (const auto& [name, content] : files) {
      RC_ASSERT(*archive->read(name) == content);
    }
    ArchiveWriter again;
    for (auto file = files.rbegin(); file != files.rend(); ++file) {
      RC_ASSERT(again.add_file(file->first, file->second).has_value());
    }
    RC_ASSERT(*again.finish() == *writer.finish());
  }));
}

}  // namespace
}  // namespace kinode::package
