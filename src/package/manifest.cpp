#include "package/manifest.h"

#include <set>

#include "codec/json.h"
#include "package/archive.h"

namespace kinode::package {
namespace {

using codec::JsonReader;

Result<CapabilityItem> read_item(const JsonReader& reader) {
  const nlohmann::json& value = reader.value();
  std::string process;
  std::string params(messaging_params);
  if (value.is_string()) {
    process = value.get<std::string>();
  } else if (value.is_object()) {
    auto named = value.find("process");
    auto given = value.find("params");
    if (named == value.end() || !named->is_string() || given == value.end()) {
      return reader.error(R"(expected {"process": process id, "params": any JSON value})");
    }
    process = named->get<std::string>();
    params = given->dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  } else {
    return reader.expected("a process id or an object with process and params");
  }
  Result<ProcessId> id = ProcessId::parse(process);
  if (!id) {
    return reader.error(id.error().message);
  }
  return CapabilityItem{std::move(*id), std::move(params)};
}

Result<std::vector<CapabilityItem>> read_items(const JsonReader& reader, std::vector<std::string>& problems) {
  if (!reader.value().is_array()) {
    return reader.expected("a list");
  }
  std::vector<CapabilityItem> items;
  for (size_t i = 0; i < reader.value().size(); ++i) {
    Result<CapabilityItem> item = read_item(reader.at(i));
    if (item) {
      items.push_back(std::move(*item));
    } else {
      problems.push_back(item.error().message);
    }
  }
  return items;
}

Result<ManifestEntry> read_entry(const JsonReader& reader, std::vector<std::string>& problems) {
  if (!reader.value().is_object()) {
    return reader.expected("an object");
  }
  auto fields = reader.fields({"process_name", "process_wasm_path", "on_exit", "request_networking",
                               "request_capabilities", "grant_capabilities", "public"});
  if (!fields) {
    return std::unexpected(fields.error());
  }
  auto name = (*fields)["process_name"].string();
  auto path = (*fields)["process_wasm_path"].string();
  auto on_exit = codec::read_on_exit((*fields)["on_exit"]);
  auto networking = (*fields)["request_networking"].boolean();
  auto requested = read_items((*fields)["request_capabilities"], problems);
  auto granted = read_items((*fields)["grant_capabilities"], problems);
  auto is_public = (*fields)["public"].boolean();
  if (auto error = codec::first_error(name, path, on_exit, networking, requested, granted, is_public)) {
    return std::unexpected(*error);
  }
  return ManifestEntry{std::move(*name),      std::move(*path),    std::move(*on_exit), *networking,
                       std::move(*requested), std::move(*granted), *is_public};
}

}  // namespace

Result<Capability> CapabilityItem::requested(std::string_view node) const {
  return Capability::make(Address(node, process), params);
}

Result<Capability> CapabilityItem::granted(const Address& issuer) const { return Capability::make(issuer, params); }

Result<std::string> ManifestEntry::wasm_entry() const {
  std::string_view path = process_wasm_path;
  path.remove_prefix(std::min(path.find_first_not_of('/'), path.size()));
  Result<std::string> name = safe_entry_name(path);
  if (!name) {
    return fail("process_wasm_path of {}: {}", process_name, name.error().message);
  }
  return name;
}

Result<ProcessId> ManifestEntry::process_id(const PackageId& package) const {
  if (process_name.empty() || process_name.find(':') != std::string::npos) {
    return fail("process_name '{}' is not the name of a process (expected a-z, 0-9, `-`)", process_name);
  }
  ProcessId id(process_name, package.package(), package.publisher());
  if (Result<void> safe = id.check_name_safe(); !safe) {
    return std::unexpected(safe.error().at(process_name));
  }
  return id;
}

Result<Manifest> parse_manifest(std::string_view json) {
  Result<nlohmann::json> tree = codec::parse_json(json);
  if (!tree) {
    return std::unexpected(tree.error().at("manifest.json"));
  }
  if (!tree->is_array()) {
    return std::unexpected(Error{"manifest.json: expected a list of processes"});
  }
  Manifest manifest;
  std::set<std::string> names;
  JsonReader whole(*tree);
  for (size_t i = 0; i < tree->size(); ++i) {
    Result<ManifestEntry> entry = read_entry(whole.at(i), manifest.problems);
    if (!entry) {
      return std::unexpected(entry.error().at("manifest.json"));
    }
    if (!names.insert(entry->process_name).second) {
      manifest.problems.push_back(
          fmt::format("{}: process_name '{}' stands twice, the last counts", whole.at(i).place(), entry->process_name));
    }
    manifest.entries.push_back(std::move(*entry));
  }
  return manifest;
}

}  // namespace kinode::package
