#include "package/metadata.h"

#include "codec/json.h"

namespace kinode::package {
namespace {

using codec::JsonReader;
using CodeHashList = std::vector<std::pair<std::string, std::string>>;

Result<std::vector<std::string>> read_strings(const JsonReader& reader) { return reader.list(&JsonReader::string); }

Result<std::pair<std::string, std::string>> read_pair(const JsonReader& reader) {
  auto pair = reader.tuple(2);
  if (!pair) {
    return std::unexpected(pair.error());
  }
  auto version = (*pair)[0].string();
  auto hash = (*pair)[1].string();
  if (auto error = codec::first_error(version, hash)) {
    return std::unexpected(*error);
  }
  return std::pair(std::move(*version), std::move(*hash));
}

Result<CodeHashList> read_code_hashes(const JsonReader& reader) {
  if (reader.value().is_array()) {
    return reader.list(read_pair);
  }
  auto map = reader.map(&JsonReader::string);
  if (!map) {
    return std::unexpected(map.error());
  }
  return CodeHashList(map->begin(), map->end());
}

Result<Properties> read_properties(const JsonReader& reader) {
  auto fields = reader.fields({"package_name", "publisher", "current_version", "mirrors", "code_hashes", "license",
                               "screenshots", "wit_version", "dependencies", "api_includes"});
  if (!fields) {
    return std::unexpected(fields.error());
  }
  auto package_name = (*fields)["package_name"].string();
  auto publisher = (*fields)["publisher"].string();
  auto current_version = (*fields)["current_version"].string();
  auto mirrors = read_strings((*fields)["mirrors"]);
  auto code_hashes = read_code_hashes((*fields)["code_hashes"]);
  auto license = (*fields)["license"].optional(&JsonReader::string);
  auto screenshots = (*fields)["screenshots"].optional(read_strings);
  auto wit_version = (*fields)["wit_version"].optional(&JsonReader::u32);
  auto dependencies = (*fields)["dependencies"].optional(read_strings);
  auto api_includes = (*fields)["api_includes"].optional(read_strings);
  if (auto error = codec::first_error(package_name, publisher, current_version, mirrors, code_hashes, license,
                                      screenshots, wit_version, dependencies, api_includes)) {
    return std::unexpected(*error);
  }
  if (!is_safe_name(*package_name)) {
    return (*fields)["package_name"].error(fmt::format("'{}' must have a-z, 0-9, `-` only", *package_name));
  }
  if (!is_safe_node(*publisher)) {
    return (*fields)["publisher"].error(fmt::format("'{}' must have a-z, 0-9, `-`, `.` only", *publisher));
  }
  return Properties{std::move(*package_name), std::move(*publisher),   std::move(*current_version), std::move(*mirrors),
                    std::move(*code_hashes),  std::move(*license),     std::move(*screenshots),     *wit_version,
                    std::move(*dependencies), std::move(*api_includes)};
}

template <class Value>
void put(nlohmann::ordered_json& object, const char* key, const std::optional<Value>& value) {
  if (value) {
    object[key] = *value;
  }
}

}  // namespace

Result<Metadata> parse_metadata(std::string_view json) {
  Result<nlohmann::json> tree = codec::parse_json(json);
  if (!tree) {
    return std::unexpected(tree.error().at("metadata.json"));
  }
  auto fields =
      JsonReader(*tree).fields({"name", "description", "image", "external_url", "animation_url", "properties"});
  if (!fields) {
    return std::unexpected(fields.error().at("metadata.json"));
  }
  auto name = (*fields)["name"].optional(&JsonReader::string);
  auto description = (*fields)["description"].optional(&JsonReader::string);
  auto image = (*fields)["image"].optional(&JsonReader::string);
  auto external_url = (*fields)["external_url"].optional(&JsonReader::string);
  auto animation_url = (*fields)["animation_url"].optional(&JsonReader::string);
  auto properties = read_properties((*fields)["properties"]);
  if (auto error = codec::first_error(name, description, image, external_url, animation_url, properties)) {
    return std::unexpected(error->at("metadata.json"));
  }
  return Metadata{std::move(*name),         std::move(*description),   std::move(*image),
                  std::move(*external_url), std::move(*animation_url), std::move(*properties)};
}

std::string metadata_json(const Metadata& metadata, CodeHashes form) {
  const Properties& from = metadata.properties;
  nlohmann::ordered_json hashes =
      form == CodeHashes::map ? nlohmann::ordered_json::object() : nlohmann::ordered_json::array();
  for (const auto& [version, hash] : from.code_hashes) {
    if (form == CodeHashes::map) {
      hashes[version] = hash;
    } else {
      hashes.push_back(nlohmann::ordered_json::array({version, hash}));
    }
  }
  nlohmann::ordered_json properties;
  properties["package_name"] = from.package_name;
  properties["publisher"] = from.publisher;
  properties["current_version"] = from.current_version;
  properties["mirrors"] = from.mirrors;
  properties["code_hashes"] = std::move(hashes);
  put(properties, "license", from.license);
  put(properties, "screenshots", from.screenshots);
  put(properties, "wit_version", from.wit_version);
  put(properties, "dependencies", from.dependencies);
  if (form == CodeHashes::map) {
    put(properties, "api_includes", from.api_includes);
  }
  nlohmann::ordered_json whole;
  put(whole, "name", metadata.name);
  put(whole, "description", metadata.description);
  put(whole, "image", metadata.image);
  put(whole, "external_url", metadata.external_url);
  put(whole, "animation_url", metadata.animation_url);
  whole["properties"] = std::move(properties);
  return codec::to_text(whole);
}

}  // namespace kinode::package
