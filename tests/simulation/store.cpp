#include "store.h"

#include "codec/json.h"
#include "violation.h"

namespace kinode::simulation {
namespace {

constexpr std::string_view process_kind = "process/";
constexpr std::string_view capability_kind = "capability/";
constexpr std::string_view state_kind = "state/";

template <class Value>
Value taken(Result<Value> value, std::string_view key) {
  require(value.has_value(), Invariant::store_is_prefix, "the record {} cannot be read: {}", key,
          value ? "" : value.error().message);
  return std::move(*value);
}

nlohmann::json json_of(std::string_view key, const Bytes& value) { return taken(codec::parse_json(value.text()), key); }

/// The parts of `capability/<holder>/<issuer>/<params>`: the holder, and the rest as `key_of` has it.
std::pair<ProcessId, std::string> capability_of(std::string_view key) {
  std::string_view rest = key.substr(capability_kind.size());
  size_t holder_end = rest.find('/');
  size_t issuer_end = rest.find('/', holder_end + 1);
  require(issuer_end != std::string_view::npos, Invariant::store_is_prefix, "no capability key: {}", key);
  std::string name(rest.substr(holder_end + 1));
  name[issuer_end - holder_end - 1] = ' ';
  return {taken(ProcessId::parse(rest.substr(0, holder_end)), key), std::move(name)};
}

Stored stored_in(const Store::Content& content) {
  kernel::Batch batch;
  for (const auto& [key, value] : content) {
    batch.put(key, value);
  }
  Stored stored;
  stored.apply(batch);
  return stored;
}

}  // namespace

void Stored::put(std::string_view key, const Bytes& value) {
  if (key.starts_with(process_kind)) {
    nlohmann::json json = json_of(key, value);
    codec::JsonReader reader(json);
    auto fields = taken(reader.fields({"v", "wasm_bytes_handle", "wit_version", "on_exit", "public"}), key);
    processes.insert_or_assign(
        taken(ProcessId::parse(key.substr(process_kind.size())), key),
        StoredProcess{taken(fields["wasm_bytes_handle"].string(), key),
                      taken(codec::read_on_exit(fields["on_exit"]), key), taken(fields["public"].boolean(), key)});
  } else if (key.starts_with(capability_kind)) {
    auto [holder, name] = capability_of(key);
    nlohmann::json json = json_of(key, value);
    auto fields = taken(codec::JsonReader(json).fields({"v", "capability", "signature"}), key);
    Capability capability = taken(codec::read_capability(fields["capability"]), key);
    require(key_of(capability) == name, Invariant::store_is_prefix, "{} holds another capability", key);
    capabilities[holder].insert_or_assign(std::move(name), std::move(capability));
  } else if (key.starts_with(state_kind)) {
    states.insert_or_assign(taken(ProcessId::parse(key.substr(state_kind.size())), key), std::string(value.text()));
  } else {
    require(false, Invariant::store_is_prefix, "an unknown kind of record: {}", key);
  }
}

void Stored::erase(std::string_view key) {
  if (key.starts_with(process_kind)) {
    processes.erase(taken(ProcessId::parse(key.substr(process_kind.size())), key));
  } else if (key.starts_with(capability_kind)) {
    auto [holder, name] = capability_of(key);
    if (auto found = capabilities.find(holder); found != capabilities.end()) {
      found->second.erase(name);
      if (found->second.empty()) {
        capabilities.erase(found);
      }
    }
  } else if (key.starts_with(state_kind)) {
    states.erase(taken(ProcessId::parse(key.substr(state_kind.size())), key));
  }
}

void Stored::apply(const kernel::Batch& batch) {
  for (const kernel::Batch::Write& write : batch.writes) {
    if (write.value) {
      put(write.key, *write.value);
    } else {
      erase(write.key);
    }
  }
}

Store::Store(Trace& trace, Content content)
    : trace_(trace), disk_(content), before_(stored_in(content)), now_(before_) {}

Result<uint64_t> Store::write(const kernel::Batch& batch) {
  Result<uint64_t> sequence = disk_.write(batch);
  batches_.push_back(batch);
  require(sequence.has_value() && *sequence == batches_.size(), Invariant::store_is_prefix, "a write was lost");
  now_.apply(batch);
  trace_.note([&] {
    std::string text = fmt::format("      write {}:", *sequence);
    for (const kernel::Batch::Write& write : batch.writes) {
      text += fmt::format(" {}{}", write.value ? "" : "-", write.key);
    }
    return text;
  });
  return sequence;
}

Stored Store::after(uint64_t kept) const {
  Stored stored = before_;
  for (size_t index = 0; index < kept; ++index) {
    stored.apply(batches_[index]);
  }
  return stored;
}

}  // namespace kinode::simulation
