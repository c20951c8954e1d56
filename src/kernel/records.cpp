#include "kernel/records.h"

#include "codec/json.h"
#include "kernel/planted_fault.h"

namespace kinode::kernel {
namespace {

constexpr uint64_t record_version = 1;
constexpr std::string_view process_prefix = "process/";
constexpr std::string_view capability_prefix = "capability/";

/// What we wrote we must be able to read: a guest's on-exit requests are as large as it likes.
constexpr codec::JsonLimits any_size{.size = SIZE_MAX};

std::string process_key(const ProcessId& id) { return fmt::format("{}{}", process_prefix, id.text()); }

std::string capability_key(const ProcessId& holder, const Capability& capability) {
  return fmt::format("{}{}/{}/{}", capability_prefix, holder.text(), capability.issuer().text(),
                     capability.canonical_params());
}

Bytes encode(const ProcessRecord& record) {
  nlohmann::ordered_json json = {{"v", record_version},
                                 {"wasm_bytes_handle", record.handle},
                                 {"wit_version", codec::to_json(record.wit_version)},
                                 {"on_exit", codec::to_json(record.on_exit)},
                                 {"public", record.is_public}};
  return Bytes::from(codec::to_text(json));
}

Bytes encode(const AttachedCapability& attached) {
  nlohmann::ordered_json json = {{"v", record_version},
                                 {"capability", codec::to_json(attached.capability)},
                                 {"signature", codec::to_json(attached.signature)}};
  return Bytes::from(codec::to_text(json));
}

Result<void> check_version(const codec::JsonStruct& fields) {
  Result<uint64_t> version = fields["v"].u64();
  if (!version) {
    return std::unexpected(version.error());
  }
  if (*version != record_version) {
    return fail("written by a newer node (record version {}, this node knows {}): use that node", *version,
                record_version);
  }
  return {};
}

Result<ProcessRecord> decode_process(const nlohmann::json& json) {
  auto fields = codec::JsonReader(json).fields({"v", "wasm_bytes_handle", "wit_version", "on_exit", "public"});
  if (!fields) {
    return std::unexpected(fields.error());
  }
  Result<void> version = check_version(*fields);
  auto handle = (*fields)["wasm_bytes_handle"].string();
  auto wit_version = (*fields)["wit_version"].optional(&codec::JsonReader::u32);
  auto on_exit = codec::read_on_exit((*fields)["on_exit"]);
  auto is_public = (*fields)["public"].boolean();
  if (auto error = codec::first_error(version, handle, wit_version, on_exit, is_public)) {
    return std::unexpected(*error);
  }
  return ProcessRecord{std::move(*handle), *wit_version, std::move(*on_exit), *is_public};
}

Result<AttachedCapability> decode_capability(const nlohmann::json& json) {
  auto fields = codec::JsonReader(json).fields({"v", "capability", "signature"});
  if (!fields) {
    return std::unexpected(fields.error());
  }
  Result<void> version = check_version(*fields);
  auto capability = codec::read_capability((*fields)["capability"]);
  auto signature = (*fields)["signature"].bytes();
  if (auto error = codec::first_error(version, capability, signature)) {
    return std::unexpected(*error);
  }
  return AttachedCapability{std::move(*capability), std::move(*signature)};
}

}  // namespace

void Records::write(const Batch& batch) {
  if (batch.writes.empty()) {
    return;
  }
  if (planted(Fault::writes_out_of_order)) {
    thread_local Batch held_back;
    (void)journal_.write(std::exchange(held_back, batch));
    return;
  }
  Result<uint64_t> written = journal_.write(batch);
  if (!written) {
    printer_.print({0, kernel_, fmt::format("{}: not saved: {}", batch.writes.front().key, written.error().message)});
  }
}

void Records::put_process(const ProcessId& id, const ProcessRecord& record, std::span<const AttachedCapability> held) {
  Batch batch;
  batch.put(process_key(id), encode(record));
  for (const AttachedCapability& attached : held) {
    batch.put(capability_key(id, attached.capability), encode(attached));
  }
  write(batch);
}

void Records::erase_process(const ProcessId& id, std::span<const Capability> held) {
  Batch batch;
  batch.erase(process_key(id));
  for (const Capability& capability : held) {
    batch.erase(capability_key(id, capability));
  }
  write(batch);
}

void Records::put_capabilities(const ProcessId& holder, std::span<const AttachedCapability> capabilities) {
  Batch batch;
  for (const AttachedCapability& attached : capabilities) {
    batch.put(capability_key(holder, attached.capability), encode(attached));
  }
  write(batch);
}

void Records::erase_capabilities(const ProcessId& holder, std::span<const Capability> capabilities) {
  Batch batch;
  for (const Capability& capability : capabilities) {
    batch.erase(capability_key(holder, capability));
  }
  write(batch);
}

Result<void> Records::scan_processes(const std::function<void(ProcessId, ProcessRecord)>& visit) {
  return journal_.scan(process_prefix, [&](std::string_view key, const Bytes& value) -> Result<void> {
    Result<ProcessId> id = ProcessId::parse(key.substr(process_prefix.size()));
    Result<nlohmann::json> json = codec::parse_json(value.text(), any_size);
    Result<ProcessRecord> record = json ? decode_process(*json) : std::unexpected(json.error());
    if (auto error = codec::first_error(id, record)) {
      return std::unexpected(error->at(key));
    }
    visit(std::move(*id), std::move(*record));
    return {};
  });
}

Result<void> Records::scan_capabilities(const std::function<void(ProcessId, AttachedCapability)>& visit) {
  return journal_.scan(capability_prefix, [&](std::string_view key, const Bytes& value) -> Result<void> {
    std::string_view rest = key.substr(capability_prefix.size());
    Result<ProcessId> holder = ProcessId::parse(rest.substr(0, rest.find('/')));
    Result<nlohmann::json> json = codec::parse_json(value.text(), any_size);
    Result<AttachedCapability> record = json ? decode_capability(*json) : std::unexpected(json.error());
    if (auto error = codec::first_error(holder, record)) {
      return std::unexpected(error->at(key));
    }
    visit(std::move(*holder), std::move(*record));
    return {};
  });
}

}  // namespace kinode::kernel
