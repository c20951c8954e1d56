#include "codec/json.h"

#include <algorithm>
#include <limits>

#include "base/check.h"
#include "types/json_depth.h"

namespace kinode::codec {
namespace {

const nlohmann::json null_value;

/// Hears a parse for nothing but its error.
class ErrorListener : public nlohmann::json_sax<nlohmann::json> {
 public:
  std::string message = "malformed";

  bool null() override { return true; }
  bool boolean(bool /*value*/) override { return true; }
  bool number_integer(number_integer_t /*value*/) override { return true; }
  bool number_unsigned(number_unsigned_t /*value*/) override { return true; }
  bool number_float(number_float_t /*value*/, const string_t& /*text*/) override { return true; }
  bool string(string_t& /*value*/) override { return true; }
  bool binary(binary_t& /*value*/) override { return true; }
  bool start_object(size_t /*size*/) override { return true; }
  bool key(string_t& /*value*/) override { return true; }
  bool end_object() override { return true; }
  bool start_array(size_t /*size*/) override { return true; }
  bool end_array() override { return true; }
  bool parse_error(size_t /*position*/, const std::string& /*token*/, const nlohmann::json::exception& error) override {
    message = error.what();
    if (size_t prefix = message.find("] "); prefix != std::string::npos) {
      message.erase(0, prefix + 2);  // the library's name for the error
    }
    return false;
  }
};

/// Error texts quote what somebody else wrote, which may be long.
std::string shortened(std::string text) {
  constexpr size_t limit = 500;
  if (text.size() > limit) {
    text.resize(limit);
    text += "...";
  }
  return text;
}

Error error_at(const std::string& place, std::string message) {
  Error error{shortened(std::move(message))};
  return place.empty() ? error : error.at(shortened(place));
}

std::string describe(const nlohmann::json& value) {
  switch (value.type()) {
    case nlohmann::json::value_t::object:
      return "an object";
    case nlohmann::json::value_t::array:
      return fmt::format("a list of {}", value.size());
    case nlohmann::json::value_t::string:
      return "a string";
    default:
      return value.dump();
  }
}

std::string join(const std::vector<std::string_view>& names) { return fmt::format("{}", fmt::join(names, ", ")); }

}  // namespace

Result<nlohmann::json> parse_json(std::string_view text, JsonLimits limits) {
  if (text.size() > limits.size) {
    return fail("JSON of {} bytes is over the limit of {}", text.size(), limits.size);
  }
  if (nests_deeper(text, limits.depth)) {
    return fail("JSON nests deeper than {} levels", limits.depth);
  }
  // The library takes one for the end of the text.
  if (size_t zero = text.find('\0'); zero != std::string_view::npos) {
    return fail("not JSON: byte {} is zero", zero + 1);
  }
  nlohmann::json value = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (value.is_discarded()) {
    ErrorListener listener;
    nlohmann::json::sax_parse(text, &listener);
    return fail("not JSON: {}", shortened(std::move(listener.message)));
  }
  return value;
}

std::string to_text(const nlohmann::ordered_json& value) {
  return value.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

// ---- JsonReader -----------------------------------------------------------------------------------

std::unexpected<Error> JsonReader::error(std::string_view message) const {
  return std::unexpected(error_at(place_, std::string(message)));
}

std::unexpected<Error> JsonReader::expected(std::string_view what) const {
  if (missing_) {
    return error(fmt::format("missing, expected {}", what));
  }
  return error(fmt::format("expected {}, found {}", what, describe(*value_)));
}

JsonReader JsonReader::at(size_t index) const {
  return JsonReader((*value_)[index], fmt::format("{}[{}]", place_, index));
}

JsonReader JsonReader::at_key(const nlohmann::json& value, std::string_view key) const {
  return JsonReader(value, place_.empty() ? std::string(key) : fmt::format("{}.{}", place_, key));
}

Result<bool> JsonReader::boolean() const {
  if (!value_->is_boolean()) {
    return expected("true or false");
  }
  return value_->get<bool>();
}

Result<uint64_t> JsonReader::u64() const {
  if (!value_->is_number_unsigned()) {
    return expected("a whole number that is not negative");
  }
  return value_->get<uint64_t>();
}

Result<uint32_t> JsonReader::u32() const {
  if (!value_->is_number_unsigned() || value_->get<uint64_t>() > std::numeric_limits<uint32_t>::max()) {
    return expected("a whole number from 0 to 4294967295");
  }
  return value_->get<uint32_t>();
}

Result<int64_t> JsonReader::i64() const {
  bool too_big = value_->is_number_unsigned() && value_->get<uint64_t>() > std::numeric_limits<int64_t>::max();
  if (!value_->is_number_integer() || too_big) {
    return expected("a whole number of 64 bits");
  }
  return value_->get<int64_t>();
}

Result<double> JsonReader::number() const {
  if (!value_->is_number()) {
    return expected("a number");
  }
  return value_->get<double>();
}

Result<std::string> JsonReader::string() const {
  if (!value_->is_string()) {
    return expected("a string");
  }
  return value_->get_ref<const std::string&>();
}

Result<Bytes> JsonReader::bytes() const {
  if (!value_->is_array()) {
    return expected("a list of bytes");
  }
  std::vector<uint8_t> bytes;
  bytes.reserve(value_->size());
  for (const nlohmann::json& element : *value_) {
    if (!element.is_number_unsigned() || element.get<uint64_t>() > 255) {
      return at(bytes.size()).expected("a whole number from 0 to 255");
    }
    bytes.push_back(element.get<uint8_t>());
  }
  return Bytes::from(std::move(bytes));
}

Result<void> JsonReader::unit() const {
  if (!value_->is_null()) {
    return expected("null");
  }
  return {};
}

Result<JsonStruct> JsonReader::fields(std::initializer_list<std::string_view> names) const {
  JsonStruct fields(*this, names);
  if (value_->is_array()) {
    if (value_->size() != names.size()) {
      return expected(fmt::format("an object, or a list of {} ({})", names.size(), join(fields.names_)));
    }
  } else if (!value_->is_object()) {
    return expected(fmt::format("an object with {}", join(fields.names_)));
  }
  return fields;
}

Result<JsonVariant> JsonReader::variant() const {
  if (value_->is_string()) {
    const auto& name = value_->get_ref<const std::string&>();
    JsonReader payload = at_key(null_value, name);
    payload.missing_ = true;
    return JsonVariant(name, std::move(payload), place_);
  }
  if (value_->is_object() && value_->size() == 1) {
    const auto& [name, payload] = *value_->get_ref<const nlohmann::json::object_t&>().begin();
    return JsonVariant(name, at_key(payload, name), place_);
  }
  return expected("\"Name\" or {\"Name\": value}");
}

Result<std::vector<JsonReader>> JsonReader::tuple(size_t size) const {
  if (!value_->is_array() || value_->size() != size) {
    return expected(fmt::format("a list of {}", size));
  }
  std::vector<JsonReader> elements;
  elements.reserve(size);
  for (size_t i = 0; i < size; ++i) {
    elements.push_back(at(i));
  }
  return elements;
}

// ---- JsonStruct and JsonVariant -------------------------------------------------------------------

JsonReader JsonStruct::operator[](std::string_view name) const {
  auto position = std::ranges::find(names_, name);
  KINODE_CHECK(position != names_.end(), "no field {} among {}", name, join(names_));
  const nlohmann::json& whole = whole_.value();
  if (whole.is_array()) {
    return whole_.at_key(whole[static_cast<size_t>(position - names_.begin())], name);
  }
  if (auto member = whole.find(name); member != whole.end()) {
    return whole_.at_key(*member, name);
  }
  JsonReader missing = whole_.at_key(null_value, name);
  missing.missing_ = true;
  return missing;
}

Result<void> JsonVariant::unit() const {
  if (!payload_.is_null()) {
    return payload_.expected("no value with this variant");
  }
  return {};
}

std::unexpected<Error> JsonVariant::unknown() const {
  return std::unexpected(error_at(place_, fmt::format("unknown variant `{}`", name_)));
}

}  // namespace kinode::codec
