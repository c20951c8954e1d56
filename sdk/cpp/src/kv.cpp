#include "kinode/kv.h"

#include "module_call.h"

namespace kinode::kv {

namespace {

constexpr uint64_t timeout_s = 30;
constexpr size_t length_bytes = 4;

/// Sends one action; the response's body.
Result<Json> ask(const PackageId& package, const std::string& name, Json action, const Blob* blob = nullptr) {
  static const Address module = Address::local("kv:distro:sys");
  auto answer = kinode::ask({.module = module,
                             .body = {{"package_id", to_json(package)}, {"db", name}, {"action", std::move(action)}},
                             .blob = blob,
                             .timeout_s = timeout_s});
  if (!answer) return std::unexpected(Error{std::move(answer.error())});
  return std::move(*answer);
}

Error unexpected(const Json& answer) { return {"unexpected answer " + dump(answer)}; }

/// For actions that answer `Ok`.
Result<void> act(const PackageId& package, const std::string& name, Json action, const Blob* blob = nullptr) {
  auto answer = ask(package, name, std::move(action), blob);
  if (!answer) return std::unexpected(std::move(answer.error()));
  if (*answer != "Ok") return std::unexpected(unexpected(*answer));
  return {};
}

Json key_json(const Bytes& key) { return std::vector<uint8_t>(key.begin(), key.end()); }

Json transaction_json(std::optional<Transaction> transaction) { return transaction ? Json(*transaction) : Json(); }

std::optional<Bytes> key_of(const Json& list) {
  if (!list.is_array()) return std::nullopt;
  std::string key;
  for (const Json& byte : list) {
    if (!byte.is_number_unsigned() || byte.get<uint64_t>() > UINT8_MAX) return std::nullopt;
    key.push_back(static_cast<char>(byte.get<uint8_t>()));
  }
  return Bytes(key);
}

void append_part(std::string& blob, const Bytes& part) {
  for (size_t i = 0; i < length_bytes; ++i) blob.push_back(static_cast<char>(part.size() >> (8 * i)));
  blob.append(part.text());
}

/// Takes one off the front; none where it is not there whole.
std::optional<Bytes> take_part(std::string_view& rest) {
  if (rest.size() < length_bytes) return std::nullopt;
  size_t size = 0;
  for (size_t i = 0; i < length_bytes; ++i) size |= static_cast<size_t>(static_cast<uint8_t>(rest[i])) << (8 * i);
  rest.remove_prefix(length_bytes);
  if (rest.size() < size) return std::nullopt;
  Bytes part(rest.substr(0, size));
  rest.remove_prefix(size);
  return part;
}

}  // namespace

Result<Database> Database::open(std::string_view name) {
  Database database(our().process.package(), std::string(name));
  auto opened = act(database.package_, database.name_, "Open");
  if (!opened) return std::unexpected(std::move(opened.error()));
  return database;
}

Result<std::optional<Bytes>> Database::get(const Bytes& key, std::optional<Transaction> transaction) const {
  Json action = {{"Get", transaction ? Json{{"key", key_json(key)}, {"tx_id", *transaction}} : key_json(key)}};
  auto answer = ask(package_, name_, std::move(action));
  if (!answer && answer.error().text == "KeyNotFound") return std::nullopt;
  if (!answer) return std::unexpected(std::move(answer.error()));
  auto blob = get_blob();
  if (!blob) return std::unexpected(unexpected(*answer));
  return std::move(blob->bytes);
}

Result<void> Database::set(const Bytes& key, Bytes value, std::optional<Transaction> transaction) const {
  const Blob blob{.bytes = std::move(value)};
  return act(package_, name_, {{"Set", {{"key", key_json(key)}, {"tx_id", transaction_json(transaction)}}}}, &blob);
}

Result<void> Database::set_many(std::span<const Entry> entries, std::optional<Transaction> transaction) const {
  std::string bytes;
  for (const Entry& entry : entries) {
    append_part(bytes, entry.key);
    append_part(bytes, entry.value);
  }
  const Blob blob{.bytes = bytes};
  return act(package_, name_, {{"SetMany", {{"tx_id", transaction_json(transaction)}}}}, &blob);
}

Result<void> Database::erase(const Bytes& key, std::optional<Transaction> transaction) const {
  return act(package_, name_, {{"Delete", {{"key", key_json(key)}, {"tx_id", transaction_json(transaction)}}}});
}

Result<Page> Database::page(const Range& range, std::optional<Transaction> transaction) const {
  const Json action = {{"Iterate",
                        {{"prefix", key_json(range.prefix)},
                         {"from", key_json(range.from)},
                         {"to", range.to ? key_json(*range.to) : Json()},
                         {"limit", range.limit ? Json(*range.limit) : Json()},
                         {"keys_only", range.keys_only},
                         {"tx_id", transaction_json(transaction)}}}};
  auto answer = ask(package_, name_, action);
  if (!answer) return std::unexpected(std::move(answer.error()));
  auto blob = get_blob();
  if (!blob) return std::unexpected(unexpected(*answer));
  Page page{.entries = {}, .next = key_of(member(member(*answer, "Iterate"), "next"))};
  for (std::string_view rest = blob->bytes.text(); !rest.empty();) {
    auto key = take_part(rest);
    auto value = key ? take_part(rest) : std::nullopt;
    if (!value) return std::unexpected(unexpected(*answer));
    page.entries.push_back({std::move(*key), std::move(*value)});
  }
  return page;
}

Result<Transaction> Database::begin() const {
  auto answer = ask(package_, name_, "BeginTx");
  if (!answer) return std::unexpected(std::move(answer.error()));
  auto id = number_member(member(*answer, "BeginTx"), "tx_id");
  if (!id) return std::unexpected(unexpected(*answer));
  return *id;
}

Result<void> Database::commit(Transaction transaction) const {
  return act(package_, name_, {{"Commit", {{"tx_id", transaction}}}});
}

Result<void> Database::rollback(Transaction transaction) const {
  return act(package_, name_, {{"Rollback", {{"tx_id", transaction}}}});
}

Result<void> Database::remove() const { return act(package_, name_, "RemoveDb"); }

}  // namespace kinode::kv
