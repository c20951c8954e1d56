#include "listing.h"

#include <optional>
#include <utility>

#include "messages.h"
#include "names.h"

namespace app_store {

using kinode::Json;
using kinode::member;
using kinode::PackageId;
using kinode::text_member;

namespace {

/// No signature of anything else begins with it.
constexpr std::string_view domain = "kinode listing 1\n";
constexpr size_t signature_bytes = 64;

std::string hex_of_bytes(const kinode::Bytes& bytes) {
  std::string hex;
  for (const uint8_t byte : bytes) {
    hex += "0123456789abcdef"[byte >> 4U];
    hex += "0123456789abcdef"[byte & 15U];
  }
  return hex;
}

std::optional<kinode::Bytes> bytes_of_hex(std::string_view hex) {
  if (hex.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  for (size_t i = 0; i < hex.size(); i += 2) {
    unsigned value = 0;
    for (const char digit : hex.substr(i, 2)) {
      const size_t place = std::string_view("0123456789abcdef").find(digit);
      if (place == std::string_view::npos) return std::nullopt;
      value = value * 16 + static_cast<unsigned>(place);
    }
    bytes += static_cast<char>(value);
  }
  return kinode::Bytes(bytes);
}

Json text_or_null(const Json& json, std::string_view key) {
  auto text = text_member(json, key);
  return text ? Json(std::move(*text)) : Json();
}

/// The texts of a list; null if it is none.
Json texts_or_null(const Json& list) {
  if (!list.is_array()) return nullptr;
  Json texts = Json::array();
  for (const Json& each : list) {
    if (each.is_string()) texts.push_back(each);
  }
  return texts;
}

}  // namespace

std::expected<void, std::string> check_metadata(const PackageId& package, std::string_view metadata) {
  if (metadata.size() > longest_metadata) return std::unexpected("the metadata are longer than 16 KiB");
  if (metadata.empty()) return {};
  const Json json = message_metadata(metadata);
  if (json.is_null()) return std::unexpected("the metadata are no JSON with properties");
  const Json& properties = json["properties"];
  if (properties["package_name"] != package.package_name || properties["publisher"] != package.publisher_node) {
    return std::unexpected("the metadata are those of another package");
  }
  if (!is_hash(current_hash(json))) {
    return std::unexpected("code_hashes has no hash of 64 hexadecimal digits for the current version");
  }
  return {};
}

kinode::Bytes signed_bytes(const Listing& listing) {
  // The lines before the metadata can hold no end of line, so no two listings give the same bytes.
  std::string bytes(domain);
  bytes += listing.package.text() + '\n' + std::to_string(listing.serial) + '\n' + listing.metadata;
  return kinode::Bytes(bytes);
}

Json to_json(const Listing& listing) {
  return {{"package_id", kinode::to_json(listing.package)},
          {"serial", listing.serial},
          {"metadata", listing.metadata},
          {"signature", hex_of_bytes(listing.signature)}};
}

std::expected<Listing, std::string> listing_of(const Json& json) {
  auto package = package_of(member(json, "package_id"));
  const auto serial = kinode::number_member(json, "serial");
  auto metadata = text_member(json, "metadata");
  const auto signature = text_member(json, "signature");
  if (!package || !serial || !metadata || !signature) {
    return std::unexpected("a listing has package_id, serial, metadata and signature");
  }
  if (auto checked = check_metadata(*package, *metadata); !checked) return std::unexpected(std::move(checked.error()));
  auto bytes = bytes_of_hex(*signature);
  if (!bytes || bytes->size() != signature_bytes) {
    return std::unexpected("the signature of a listing is 128 hexadecimal digits");
  }
  return Listing{std::move(*package), *serial, std::move(*metadata), std::move(*bytes)};
}

Json message_metadata(std::string_view metadata) {
  const auto json = kinode::parse_json(metadata);
  if (!json) return nullptr;
  const Json& properties = member(*json, "properties");
  const Json& hashes = member(properties, "code_hashes");
  if (!properties.is_object() || !hashes.is_object()) return nullptr;
  Json pairs = Json::array();
  for (const auto& [version, hash] : hashes.items()) {
    if (hash.is_string()) pairs.push_back({version, hash});
  }
  const auto wit_version = kinode::number_member(properties, "wit_version");
  const Json mirrors = texts_or_null(member(properties, "mirrors"));
  return {{"name", text_or_null(*json, "name")},
          {"description", text_or_null(*json, "description")},
          {"image", text_or_null(*json, "image")},
          {"external_url", text_or_null(*json, "external_url")},
          {"animation_url", text_or_null(*json, "animation_url")},
          {"properties",
           {{"package_name", text_member(properties, "package_name").value_or("")},
            {"publisher", text_member(properties, "publisher").value_or("")},
            {"current_version", text_member(properties, "current_version").value_or("")},
            {"mirrors", mirrors.is_null() ? Json::array() : mirrors},
            {"code_hashes", std::move(pairs)},
            {"license", text_or_null(properties, "license")},
            {"screenshots", texts_or_null(member(properties, "screenshots"))},
            {"wit_version", wit_version ? Json(*wit_version) : Json()},
            {"dependencies", texts_or_null(member(properties, "dependencies"))}}}};
}

std::string current_hash(const Json& message_metadata) {
  const Json& properties = member(message_metadata, "properties");
  const auto current = text_member(properties, "current_version");
  const Json& hashes = member(properties, "code_hashes");
  if (!current || !hashes.is_array()) return {};
  for (const Json& pair : hashes) {
    if (pair.is_array() && pair.size() == 2 && pair[0] == *current && pair[1].is_string()) {
      return pair[1].get<std::string>();
    }
  }
  return {};
}

}  // namespace app_store
