// JSON as the reference writes and reads it (kernel.md 2.2), for our types and for a module's own requests.
//
// Reading is in two steps. `parse_json` makes a tree of a text that may come from anybody. A JsonReader
// then takes typed values out of the tree, each a Result whose error names the place:
//
//   Result<nlohmann::json> json = parse_json(body);
//   if (!json) return std::unexpected(json.error());
//   Result<JsonStruct> request = JsonReader(*json).fields({"path", "action"});
//   if (!request) return std::unexpected(request.error());
//   Result<std::string> path = (*request)["path"].string();
//   Result<JsonVariant> action = (*request)["action"].variant();
//   if (auto error = first_error(path, action)) return std::unexpected(*error);
//   if (action->name() == "Read") ...
//   if (action->name() == "Seek") { Result<JsonStruct> seek = action->payload().fields({"from"}); ... }
//   return action->unknown();                      // "action: unknown variant `Reed`"
//
// The forms are those of Rust's serde: structs as objects or as arrays in the order of their fields,
// unknown keys ignored, a missing field an error unless it is optional, enums tagged from outside.
// Of a key that stands twice the last counts.
//
// Readers are small values that point into the tree: it must outlive them. No exception leaves this
// header; its values belong to one thread, as any value does.
#pragma once

#include <concepts>
#include <functional>
#include <initializer_list>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "types/json_depth.h"
#include "types/message.h"

namespace kinode::codec {

struct JsonLimits {
  size_t depth = max_json_depth;
  /// Of the text, in bytes. A tree takes some 16 bytes for each number of a list.
  size_t size = 16U << 20U;
};

/// One JSON value with nothing but white space around it. The error says where the text is wrong.
Result<nlohmann::json> parse_json(std::string_view text, JsonLimits limits = {});

/// A tree as text, without white space. What is not UTF-8 becomes U+FFFD.
std::string to_text(const nlohmann::ordered_json& value);

class JsonStruct;
class JsonVariant;

namespace detail {
template <class Read, class Reader>
using ReadValue = typename std::invoke_result_t<Read, const Reader&>::value_type;
}  // namespace detail

/// A value of a tree, and the place where it stands, such as `InitializeProcess.on_exit.Requests[0][1]`.
class JsonReader {
 public:
  explicit JsonReader(const nlohmann::json& value, std::string place = {}) : value_(&value), place_(std::move(place)) {}

  [[nodiscard]] const nlohmann::json& value() const { return *value_; }
  [[nodiscard]] const std::string& place() const { return place_; }
  /// True for null and for a field that is not there.
  [[nodiscard]] bool is_null() const { return value_->is_null(); }

  /// Integers are exact: 1.0 is not one, nor is what the type cannot hold.
  [[nodiscard]] Result<bool> boolean() const;
  [[nodiscard]] Result<uint64_t> u64() const;
  [[nodiscard]] Result<uint32_t> u32() const;
  [[nodiscard]] Result<int64_t> i64() const;
  /// Any number.
  [[nodiscard]] Result<double> number() const;
  [[nodiscard]] Result<std::string> string() const;
  /// A list of numbers from 0 to 255.
  [[nodiscard]] Result<Bytes> bytes() const;
  /// Null, the form of nothing.
  [[nodiscard]] Result<void> unit() const;

  /// The fields of a struct, named in their order. The names must be literals.
  [[nodiscard]] Result<JsonStruct> fields(std::initializer_list<std::string_view> names) const;
  /// One value of an enum: `"Name"` or `{"Name": payload}`.
  [[nodiscard]] Result<JsonVariant> variant() const;
  /// An array of exactly `size` values.
  [[nodiscard]] Result<std::vector<JsonReader>> tuple(size_t size) const;

  // In the next three `read` is what reads one value: `&JsonReader::u64`, `read_address` or a lambda.

  /// None for null and for a field that is not there.
  template <class Read>
  [[nodiscard]] auto optional(Read read) const -> Result<std::optional<detail::ReadValue<Read, JsonReader>>>;
  template <class Read>
  [[nodiscard]] auto list(Read read) const -> Result<std::vector<detail::ReadValue<Read, JsonReader>>>;
  /// An object with any keys.
  template <class Read>
  [[nodiscard]] auto map(Read read) const -> Result<std::map<std::string, detail::ReadValue<Read, JsonReader>>>;

  /// The error of this place: "place: message".
  [[nodiscard]] std::unexpected<Error> error(std::string_view message) const;
  /// The error that something else stands here: "place: expected `what`, found a string".
  [[nodiscard]] std::unexpected<Error> expected(std::string_view what) const;
  /// The reader of a part of this value.
  [[nodiscard]] JsonReader at(size_t index) const;
  [[nodiscard]] JsonReader at_key(const nlohmann::json& value, std::string_view key) const;

 private:
  friend class JsonStruct;
  friend class JsonVariant;
  const nlohmann::json* value_;
  std::string place_;
  bool missing_ = false;  // then value_ is a null
};

/// A struct whose fields are asked for by name.
class JsonStruct {
 public:
  /// The field, which must be one of the names given to `fields`. One that is not there reads as absent
  /// for `optional` and as an error for all else.
  [[nodiscard]] JsonReader operator[](std::string_view name) const;

 private:
  friend class JsonReader;
  JsonStruct(JsonReader whole, std::initializer_list<std::string_view> names)
      : whole_(std::move(whole)), names_(names) {}
  JsonReader whole_;
  std::vector<std::string_view> names_;
};

/// A value of an enum.
class JsonVariant {
 public:
  [[nodiscard]] const std::string& name() const { return name_; }
  /// What the variant carries. For `"Name"` it reads as a missing field does.
  [[nodiscard]] const JsonReader& payload() const { return payload_; }
  /// For a variant that carries nothing: `"Name"` or `{"Name": null}`.
  [[nodiscard]] Result<void> unit() const;
  /// The same, and `value` where that is so.
  template <class Value>
  [[nodiscard]] Result<Value> unit(Value value) const;
  /// The error for a name that the enum does not have.
  [[nodiscard]] std::unexpected<Error> unknown() const;

 private:
  friend class JsonReader;
  JsonVariant(std::string name, JsonReader payload, std::string place)
      : name_(std::move(name)), payload_(std::move(payload)), place_(std::move(place)) {}
  std::string name_;
  JsonReader payload_;
  std::string place_;
};

/// The error of the first of these that failed, if any did.
template <class... Values>
[[nodiscard]] std::optional<Error> first_error(const Result<Values>&... results) {
  std::optional<Error> error;
  ((!error && !results ? (error = results.error(), 0) : 0), ...);
  return error;
}

// ---- our types ------------------------------------------------------------------------------------

Result<Address> read_address(const JsonReader& reader);
Result<ProcessId> read_process_id(const JsonReader& reader);
/// The struct {"package_name","publisher_node"}, which is not its text form.
Result<PackageId> read_package_id(const JsonReader& reader);
/// Fails also when the params are not JSON (defect C6).
Result<Capability> read_capability(const JsonReader& reader);
/// `[capability, [signature bytes]]`; a capability alone has no signature (defect M17: guests' libraries
/// write it so in OnExit).
Result<AttachedCapability> read_attached_capability(const JsonReader& reader);
Result<Blob> read_blob(const JsonReader& reader);
Result<Request> read_request(const JsonReader& reader);
Result<Response> read_response(const JsonReader& reader);
Result<OnExit> read_on_exit(const JsonReader& reader);
Result<KernelMessage> read_kernel_message(const JsonReader& reader);

nlohmann::ordered_json to_json(const Address& address);
nlohmann::ordered_json to_json(const ProcessId& id);
nlohmann::ordered_json to_json(const PackageId& id);
nlohmann::ordered_json to_json(const Capability& capability);
nlohmann::ordered_json to_json(const AttachedCapability& attached);
nlohmann::ordered_json to_json(const Blob& blob);
nlohmann::ordered_json to_json(const Request& request);
nlohmann::ordered_json to_json(const Response& response);
nlohmann::ordered_json to_json(const OnExit& on_exit);
nlohmann::ordered_json to_json(const KernelMessage& message);
/// A list of numbers.
nlohmann::ordered_json to_json(const Bytes& bytes);

/// Null for none.
template <class Value>
nlohmann::ordered_json to_json(const std::optional<Value>& value) {
  if (!value) {
    return nullptr;
  }
  if constexpr (std::constructible_from<nlohmann::ordered_json, Value>) {
    return nlohmann::ordered_json(*value);
  } else {
    return to_json(*value);
  }
}

template <class Value>
nlohmann::ordered_json to_json(const std::vector<Value>& values) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Value& value : values) {
    list.push_back(to_json(value));
  }
  return list;
}

// ---- templates ------------------------------------------------------------------------------------

template <class Value>
Result<Value> JsonVariant::unit(Value value) const {
  if (Result<void> empty = unit(); !empty) {
    return std::unexpected(empty.error());
  }
  return value;
}

template <class Read>
auto JsonReader::optional(Read read) const -> Result<std::optional<detail::ReadValue<Read, JsonReader>>> {
  if (is_null()) {
    return std::nullopt;
  }
  auto value = std::invoke(read, *this);
  if (!value) {
    return std::unexpected(std::move(value.error()));
  }
  return std::optional(std::move(*value));
}

template <class Read>
auto JsonReader::list(Read read) const -> Result<std::vector<detail::ReadValue<Read, JsonReader>>> {
  if (!value_->is_array()) {
    return expected("a list");
  }
  std::vector<detail::ReadValue<Read, JsonReader>> values;
  values.reserve(value_->size());
  for (size_t i = 0; i < value_->size(); ++i) {
    auto value = std::invoke(read, at(i));
    if (!value) {
      return std::unexpected(std::move(value.error()));
    }
    values.push_back(std::move(*value));
  }
  return values;
}

template <class Read>
auto JsonReader::map(Read read) const -> Result<std::map<std::string, detail::ReadValue<Read, JsonReader>>> {
  if (!value_->is_object()) {
    return expected("an object");
  }
  std::map<std::string, detail::ReadValue<Read, JsonReader>> values;
  for (const auto& [key, member] : value_->items()) {
    auto value = std::invoke(read, at_key(member, key));
    if (!value) {
      return std::unexpected(std::move(value.error()));
    }
    values.emplace(key, std::move(*value));
  }
  return values;
}

}  // namespace kinode::codec
