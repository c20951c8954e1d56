#include "codec/kernel_api.h"

#include "codec/json.h"

namespace kinode::codec {
namespace {

using nlohmann::ordered_json;

Result<KernelCommand> read_initialize(const JsonReader& reader) {
  Result<JsonStruct> fields =
      reader.fields({"id", "wasm_bytes_handle", "wit_version", "on_exit", "initial_capabilities", "public"});
  if (!fields) {
    return std::unexpected(fields.error());
  }
  Result<ProcessId> id = read_process_id((*fields)["id"]);
  Result<std::string> handle = (*fields)["wasm_bytes_handle"].string();
  Result<std::optional<uint32_t>> wit_version = (*fields)["wit_version"].optional(&JsonReader::u32);
  Result<OnExit> on_exit = read_on_exit((*fields)["on_exit"]);
  Result<std::vector<Capability>> capabilities = (*fields)["initial_capabilities"].list(read_capability);
  Result<bool> is_public = (*fields)["public"].boolean();
  if (auto error = first_error(id, handle, wit_version, on_exit, capabilities, is_public)) {
    return std::unexpected(*error);
  }
  return InitializeProcess{*id, *handle, *wit_version, *on_exit, *capabilities, *is_public};
}

template <class Command>
Result<KernelCommand> read_process(const JsonReader& reader) {
  Result<ProcessId> id = read_process_id(reader);
  if (!id) {
    return std::unexpected(id.error());
  }
  return Command{*id};
}

template <class Command>
Result<KernelCommand> read_capabilities(const JsonReader& reader) {
  Result<JsonStruct> fields = reader.fields({"target", "capabilities"});
  if (!fields) {
    return std::unexpected(fields.error());
  }
  Result<ProcessId> target = read_process_id((*fields)["target"]);
  Result<std::vector<Capability>> capabilities = (*fields)["capabilities"].list(read_capability);
  if (auto error = first_error(target, capabilities)) {
    return std::unexpected(*error);
  }
  return Command{*target, *capabilities};
}

Result<KernelCommand> read_set_on_exit(const JsonReader& reader) {
  Result<JsonStruct> fields = reader.fields({"target", "on_exit"});
  if (!fields) {
    return std::unexpected(fields.error());
  }
  Result<ProcessId> target = read_process_id((*fields)["target"]);
  Result<OnExit> on_exit = read_on_exit((*fields)["on_exit"]);
  if (auto error = first_error(target, on_exit)) {
    return std::unexpected(*error);
  }
  return SetOnExit{*target, *on_exit};
}

Result<KernelCommand> read_has_cap(const JsonReader& reader) {
  Result<JsonStruct> fields = reader.fields({"on", "cap"});
  if (!fields) {
    return std::unexpected(fields.error());
  }
  Result<ProcessId> on = read_process_id((*fields)["on"]);
  Result<Capability> capability = read_capability((*fields)["cap"]);
  if (auto error = first_error(on, capability)) {
    return std::unexpected(*error);
  }
  return DebugHasCap{*on, *capability};
}

Result<KernelCommand> read_debug(const JsonReader& reader) {
  Result<JsonVariant> variant = reader.variant();
  if (!variant) {
    return std::unexpected(variant.error());
  }
  const std::string& name = variant->name();
  if (name == "ProcessMap") {
    return variant->unit<KernelCommand>(DebugProcessMap{});
  }
  if (name == "Process") {
    return read_process<DebugProcess>(variant->payload());
  }
  if (name == "HasCap") {
    return read_has_cap(variant->payload());
  }
  return variant->unknown();
}

Result<KernelCommand> read_command(const JsonVariant& command) {
  const std::string& name = command.name();
  if (name == "InitializeProcess") {
    return read_initialize(command.payload());
  }
  if (name == "RunProcess") {
    return read_process<RunProcess>(command.payload());
  }
  if (name == "KillProcess") {
    return read_process<KillProcess>(command.payload());
  }
  if (name == "GrantCapabilities") {
    return read_capabilities<GrantCapabilities>(command.payload());
  }
  if (name == "DropCapabilities") {
    return read_capabilities<DropCapabilities>(command.payload());
  }
  if (name == "SetOnExit") {
    return read_set_on_exit(command.payload());
  }
  if (name == "Booted") {
    return command.unit<KernelCommand>(Booted{});
  }
  if (name == "Shutdown") {
    return command.unit<KernelCommand>(Shutdown{});
  }
  if (name == "Debug") {
    return read_debug(command.payload());
  }
  return command.unknown();
}

ordered_json entry_to_json(const ProcessMapEntry& entry) {
  return {{"wasm_bytes_handle", entry.wasm_bytes_handle},
          {"wit_version", to_json(entry.wit_version)},
          {"on_exit", to_json(entry.on_exit)},
          {"capabilities", to_json(entry.capabilities)},
          {"public", entry.is_public}};
}

/// `{"Debug": {name: value}}`
std::string debug_answer(std::string_view name, ordered_json value) {
  ordered_json answer = ordered_json::object();
  answer["Debug"][std::string(name)] = std::move(value);
  return to_text(answer);
}

}  // namespace

Result<KernelCommand> parse_kernel_command(std::string_view json) {
  Result<nlohmann::json> tree = parse_json(json);
  if (!tree) {
    return std::unexpected(tree.error());
  }
  Result<JsonVariant> command = JsonReader(*tree).variant();
  if (!command) {
    return std::unexpected(command.error());
  }
  return read_command(*command);
}

std::string initialized_process() { return R"("InitializedProcess")"; }

std::string initialize_process_error() { return R"("InitializeProcessError")"; }

std::string started_process() { return R"("StartedProcess")"; }

std::string run_process_error() { return R"("RunProcessError")"; }

std::string killed_process(const ProcessId& id) {
  ordered_json answer = ordered_json::object();
  answer["KilledProcess"] = id.text();
  return to_text(answer);
}

std::string debug_process_map(const ProcessMap& map) {
  ordered_json::object_t entries;
  for (const auto& [id, entry] : map) {
    // Without the search for an equal key: the ids differ.
    entries.std::vector<ordered_json::object_t::value_type>::emplace_back(id.text(), entry_to_json(entry));
  }
  return debug_answer("ProcessMap", ordered_json(std::move(entries)));
}

std::string debug_process(const std::optional<ProcessMapEntry>& entry) {
  return debug_answer("Process", entry ? entry_to_json(*entry) : ordered_json(nullptr));
}

std::string debug_has_cap(std::optional<bool> has) { return debug_answer("HasCap", to_json(has)); }

}  // namespace kinode::codec
