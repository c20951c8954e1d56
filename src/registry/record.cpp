#include "registry/record.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <map>

#include "crypto/hex.h"
#include "registry/registry.h"
#include "types/address.h"

namespace kinode::registry {
namespace {

constexpr size_t routers_limit = 64;

/// What the signature covers. Every field on a line of its own, none of which can hold a line's end.
std::string signed_text(const Record& record, const crypto::PublicKey& key) {
  const Identity& identity = record.identity;
  std::string text = fmt::format("kinode node record 1\nname={}\nkey={}\nip={}\n", identity.name, crypto::to_hex(key),
                                 identity.direct.ip);
  for (const auto& [protocol, port] : identity.direct.ports) {
    text += fmt::format("{}={}\n", protocol, port);
  }
  return text + fmt::format("routers={}\nissued={}\n", fmt::join(identity.routers, ","), record.issued);
}

std::span<const uint8_t> bytes_of(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// ---- reading --------------------------------------------------------------------------------------

Result<std::string> text_at(const toml::table& table, std::string_view name) {
  const toml::node* node = table.get(name);
  if (node == nullptr) {
    return std::string();
  }
  if (!node->is_string()) {
    return fail("`{}` must be text in quotes", name);
  }
  std::string text = node->as_string()->get();
  if (text.find('\n') != std::string::npos) {
    return fail("`{}` must be one line", name);
  }
  return text;
}

Result<void> read_ports(const toml::table& table, DirectRoute& direct) {
  for (const std::string_view protocol : {"tcp", "ws"}) {
    const toml::node* node = table.get(protocol);
    if (node == nullptr) {
      continue;
    }
    const std::optional<int64_t> port = node->value_exact<int64_t>();
    if (!port || *port < 1 || *port > 65'535) {
      return fail("`{}` must be a port, from 1 to 65535", protocol);
    }
    direct.ports[std::string(protocol)] = static_cast<uint16_t>(*port);
  }
  return {};
}

Result<std::vector<std::string>> read_routers(const toml::table& table) {
  std::vector<std::string> routers;
  const toml::array* list = table["routers"].as_array();
  if (list == nullptr && table.contains("routers")) {
    return fail("`routers` must be a list of names");
  }
  for (size_t i = 0; list != nullptr && i < list->size(); ++i) {
    const std::optional<std::string> name = list->get(i)->value_exact<std::string>();
    if (!name || !is_safe_node(*name) || routers.size() == routers_limit) {
      return fail("`routers` must be at most {} names of nodes", routers_limit);
    }
    routers.push_back(*name);
  }
  return routers;
}

Result<Record> read_record(const toml::table& table) {
  Record record;
  Result<std::string> name = text_at(table, "name");
  Result<std::string> key = text_at(table, "key");
  Result<std::string> ip = text_at(table, "ip");
  Result<std::string> signature_text = text_at(table, "signature");
  Result<std::vector<std::string>> routers = read_routers(table);
  for (const auto* text : {&name, &key, &ip, &signature_text}) {
    if (!*text) {
      return std::unexpected(text->error());
    }
  }
  if (!routers) {
    return std::unexpected(routers.error());
  }
  record.identity = {*name, *key, {*ip, {}}, std::move(*routers)};
  if (Result<void> ports = read_ports(table, record.identity.direct); !ports) {
    return std::unexpected(ports.error());
  }
  if (record.identity.is_direct() && !is_address(record.identity.direct.ip)) {
    return fail("`ip` must be an IPv4 or IPv6 address");
  }
  record.issued = static_cast<uint64_t>(std::max<int64_t>(0, table["issued"].value_or<int64_t>(0)));
  Result<Entry> entry = check(record.identity);
  if (!entry) {
    return std::unexpected(entry.error());
  }
  const std::optional<std::vector<uint8_t>> signature = crypto::from_hex(*signature_text);
  const std::string covered = signed_text(record, entry->key);
  if (!signature || !crypto::verify(entry->key, bytes_of(covered), *signature)) {
    return fail("{}: the signature is not one of its key over this record; ask the node's owner for a new record",
                *name);
  }
  return record;
}

}  // namespace

bool is_address(const std::string& text) {
  std::array<unsigned char, sizeof(in6_addr)> address{};
  if (text.contains('\0')) {  // what stands behind it inet_pton does not see
    return false;
  }
  return ::inet_pton(AF_INET, text.c_str(), address.data()) == 1 ||
         ::inet_pton(AF_INET6, text.c_str(), address.data()) == 1;
}

std::string write_record(Record record, const crypto::SigningKey& key) {
  Identity& identity = record.identity;
  identity.networking_key = crypto::format_public_key(key.public_key());
  std::string text = fmt::format("[[node]]\nname = \"{}\"\nkey = \"{}\"\n", identity.name, identity.networking_key);
  if (identity.is_direct()) {
    text += fmt::format("ip = \"{}\"\n", identity.direct.ip);
  }
  for (const auto& [protocol, port] : identity.direct.ports) {
    text += fmt::format("{} = {}\n", protocol, port);
  }
  if (!identity.routers.empty()) {
    text += fmt::format("routers = [\"{}\"]\n", fmt::join(identity.routers, "\", \""));
  }
  const std::string covered = signed_text(record, key.public_key());
  return text +
         fmt::format("issued = {}\nsignature = \"{}\"\n", record.issued, crypto::to_hex(key.sign(bytes_of(covered))));
}

Result<Records> read_records(std::string_view text, std::string_view source_name) {
  toml::table file;
  try {
    file = toml::parse(text);
  } catch (const toml::parse_error& error) {
    return fail("{}, line {}: {}", source_name, error.source().begin.line, error.description());
  }
  Records records;
  std::map<std::string, Record> latest;
  for (const auto& [name, value] : file) {  // what somebody misspelt
    if (name != "node" || !value.is_array()) {
      records.errors.push_back({fmt::format("{}, line {}: `{}` is no [[node]]: a peers file has nothing else",
                                            source_name, name.source().begin.line, name.str())});
    }
  }
  const toml::array* nodes = file["node"].as_array();
  for (size_t i = 0; nodes != nullptr && i < nodes->size(); ++i) {
    const toml::table* table = nodes->get(i)->as_table();
    Result<Record> record = table != nullptr ? read_record(*table) : fail("a record must be a [[node]]");
    if (!record) {
      const auto line = nodes->get(i)->source().begin.line;
      records.errors.push_back(record.error().at(fmt::format("{}, line {}", source_name, line)));
      continue;
    }
    Record& known = latest[record->identity.name];
    if (known.identity.name.empty() || record->issued > known.issued) {
      known = std::move(*record);
    }
  }
  for (auto& [name, record] : latest) {
    records.identities.push_back(std::move(record.identity));
  }
  return records;
}

}  // namespace kinode::registry
