#include "kinode/json.h"

#include <utility>

namespace kinode {

std::optional<Json> parse_json(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) {
    return std::nullopt;  // the library takes one for the end of the text
  }
  Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return std::nullopt;
  return json;
}

std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

const Json& member(const Json& json, std::string_view key) {
  static const Json null;
  if (!json.is_object()) return null;
  const auto found = json.find(key);
  return found == json.end() ? null : *found;
}

std::optional<std::string> text_member(const Json& json, std::string_view key) {
  const Json& value = member(json, key);
  if (!value.is_string()) return std::nullopt;
  return value.get_ref<const std::string&>();
}

std::optional<uint64_t> number_member(const Json& json, std::string_view key) {
  const Json& value = member(json, key);
  // A number made in C++ is signed, one that was parsed is not.
  if (value.is_number_unsigned()) return value.get<uint64_t>();
  if (value.is_number_integer() && value.get<int64_t>() >= 0) return value.get<uint64_t>();
  return std::nullopt;
}

std::optional<bool> bool_member(const Json& json, std::string_view key) {
  const Json& value = member(json, key);
  if (!value.is_boolean()) return std::nullopt;
  return value.get<bool>();
}

Json to_json(const PackageId& id) { return {{"package_name", id.package_name}, {"publisher_node", id.publisher_node}}; }

std::optional<PackageId> package_id_of(const Json& json) {
  auto name = text_member(json, "package_name");
  auto publisher = text_member(json, "publisher_node");
  if (!name || !publisher) return std::nullopt;
  return PackageId{std::move(*name), std::move(*publisher)};
}

std::vector<CapabilityItem> capability_items_of(const Json& list) {
  std::vector<CapabilityItem> items;
  if (!list.is_array()) return items;
  for (const Json& each : list) {
    const bool bare = each.is_string();
    const Json& name = bare ? each : member(each, "process");
    auto process = name.is_string() ? ProcessId::parse(name.get_ref<const std::string&>()) : std::nullopt;
    if (!process || (!bare && !each.contains("params"))) continue;
    items.push_back({std::move(*process), bare ? std::string(messaging) : dump(each["params"])});
  }
  return items;
}

}  // namespace kinode
