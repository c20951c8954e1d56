#include "modules/kv/kv_api.h"

#include <algorithm>
#include <utility>

namespace kinode::modules::kv {
namespace {

using codec::JsonReader;
using TransactionId = std::optional<uint64_t>;

Result<Bytes> read_key(const JsonReader& reader, const KvLimits& limits) {
  // Before it is copied.
  if (reader.value().is_array() && reader.value().size() > limits.key_bytes) {
    return reader.expected(fmt::format("at most {} bytes", limits.key_bytes));
  }
  return reader.bytes();
}

template <class KeyedAction>
Result<Action> read_keyed(const JsonReader& payload, const KvLimits& limits) {
  auto fields = payload.fields({"key", "tx_id"});
  if (!fields) {
    return std::unexpected(fields.error());
  }
  Result<Bytes> key = read_key((*fields)["key"], limits);
  auto transaction = (*fields)["tx_id"].optional(&JsonReader::u64);
  if (auto error = codec::first_error(key, transaction)) {
    return std::unexpected(*error);
  }
  return KeyedAction{std::move(*key), *transaction};
}

Result<Action> read_get(const JsonReader& payload, const KvLimits& limits) {
  if (!payload.value().is_array()) {
    return read_keyed<GetAction>(payload, limits);
  }
  Result<Bytes> key = read_key(payload, limits);
  if (!key) {
    return std::unexpected(key.error());
  }
  return GetAction{std::move(*key), std::nullopt};
}

Result<Action> read_set_many(const JsonReader& payload) {
  auto fields = payload.fields({"tx_id"});
  auto transaction =
      fields ? (*fields)["tx_id"].optional(&JsonReader::u64) : Result<TransactionId>(std::unexpected(fields.error()));
  if (!transaction) {
    return std::unexpected(transaction.error());
  }
  return SetManyAction{*transaction};
}

Result<Action> read_iterate(const JsonReader& payload, const KvLimits& limits) {
  auto fields = payload.fields({"prefix", "from", "to", "limit", "keys_only", "tx_id"});
  if (!fields) {
    return std::unexpected(fields.error());
  }
  auto key = [&](const JsonReader& reader) { return read_key(reader, limits); };
  auto prefix = (*fields)["prefix"].optional(key);
  auto from = (*fields)["from"].optional(key);
  auto to = (*fields)["to"].optional(key);
  auto limit = (*fields)["limit"].optional(&JsonReader::u64);
  auto keys_only = (*fields)["keys_only"].optional(&JsonReader::boolean);
  auto transaction = (*fields)["tx_id"].optional(&JsonReader::u64);
  if (auto error = codec::first_error(prefix, from, to, limit, keys_only, transaction)) {
    return std::unexpected(*error);
  }
  if (*limit == 0) {
    return (*fields)["limit"].expected("at least 1");
  }
  return IterateAction{
      .prefix = prefix->value_or(Bytes()),
      .from = from->value_or(Bytes()),
      .to = std::move(*to),
      .limit = static_cast<size_t>(std::min<uint64_t>(limit->value_or(UINT64_MAX), limits.page_entries)),
      .keys_only = keys_only->value_or(false),
      .transaction = *transaction};
}

}  // namespace

Result<Action> read_action(const codec::JsonVariant& variant, const KvLimits& limits) {
  const std::string& name = variant.name();
  const JsonReader& payload = variant.payload();
  if (name == "Get") {
    return read_get(payload, limits);
  }
  if (name == "Set") {
    return read_keyed<SetAction>(payload, limits);
  }
  if (name == "Delete") {
    return read_keyed<DeleteAction>(payload, limits);
  }
  if (name == "SetMany") {
    return read_set_many(payload);
  }
  if (name == "Iterate") {
    return read_iterate(payload, limits);
  }
  return variant.unknown();
}

namespace answers {

std::string get(const Bytes& key) {
  nlohmann::ordered_json answer;
  answer["Get"] = codec::to_json(key);
  return codec::to_text(answer);
}

std::string iterate(size_t count, const std::optional<Bytes>& next) {
  nlohmann::ordered_json page;
  page["count"] = count;
  page["next"] = codec::to_json(next);
  nlohmann::ordered_json answer;
  answer["Iterate"] = std::move(page);
  return codec::to_text(answer);
}

}  // namespace answers

}  // namespace kinode::modules::kv
