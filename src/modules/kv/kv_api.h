// Actions and answers of kv:distro:sys in JSON (modules.md 3, docs/formats/kv.md), but those that all database modules
// have.
//
//   {"Get":KEY}                      {"Get":KEY}, the value as the blob
//   {"Get":{"key":KEY,"tx_id":T}}    the same, as the transaction sees it
//   {"Set":{"key":KEY,"tx_id":T}}    with the value as the blob: "Ok"
//   {"Delete":{"key":KEY,"tx_id":T}} "Ok"
//   {"SetMany":{"tx_id":T}}          with entries as the blob, all or none: "Ok"
//   {"Iterate":{...}}                {"Iterate":{"count":N,"next":KEY or null}}, entries as the blob
//
// KEY is a list of bytes, T a number or null. Not in the first client: Get with a transaction, SetMany, Iterate.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "base/bytes.h"
#include "codec/json.h"
#include "modules/kv/kv_limits.h"

namespace kinode::modules::kv {

struct GetAction {
  Bytes key;
  std::optional<uint64_t> transaction;
};

struct SetAction {
  Bytes key;
  std::optional<uint64_t> transaction;
};

struct DeleteAction {
  Bytes key;
  std::optional<uint64_t> transaction;
};

struct SetManyAction {
  std::optional<uint64_t> transaction;
};

/// The keys that start with `prefix`, from `from` on, before `to`; each may be left out.
struct IterateAction {
  Bytes prefix;
  Bytes from;
  std::optional<Bytes> to;
  /// Of entries; within KvLimits.
  size_t limit = 0;
  bool keys_only = false;
  std::optional<uint64_t> transaction;
};

using Action = std::variant<GetAction, SetAction, DeleteAction, SetManyAction, IterateAction>;

/// Fails with the place of the first thing that is wrong, also where a key is too long.
Result<Action> read_action(const codec::JsonVariant& variant, const KvLimits& limits);

namespace answers {

std::string get(const Bytes& key);
/// `next` is where the next page begins; none after the last.
std::string iterate(size_t count, const std::optional<Bytes>& next);

}  // namespace answers

}  // namespace kinode::modules::kv
