#include "modules/sqlite/values.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include "base/utf8.h"
#include "codec/base64.h"
#include "codec/json.h"

namespace kinode::modules::sqlite {
namespace {

using Json = nlohmann::json;

/// {"Text":"..."} or {"Blob":"<base64>"}.
SqliteResult<Value> read_typed(const Json& json) {
  if (json.size() == 1 && json.begin().value().is_string()) {
    const auto& text = json.begin().value().get_ref<const std::string&>();
    if (json.begin().key() == "Text") {
      return text;
    }
    if (json.begin().key() == "Blob") {
      if (auto bytes = codec::decode_base64(text)) {
        return std::move(*bytes);
      }
      return invalid_parameters("a Blob that is not base64");
    }
  }
  return invalid_parameters(R"(an object that is neither {"Text":"..."} nor {"Blob":"<base64>"})");
}

SqliteResult<Value> read_value(const Json& json) {
  switch (json.type()) {
    case Json::value_t::null:
      return Null{};
    case Json::value_t::boolean:
      return int64_t{json.get<bool>() ? 1 : 0};
    case Json::value_t::number_unsigned:
      if (json.get<uint64_t>() > uint64_t{std::numeric_limits<int64_t>::max()}) {
        return json.get<double>();
      }
      return json.get<int64_t>();
    case Json::value_t::number_integer:
      return json.get<int64_t>();
    case Json::value_t::number_float:
      return json.get<double>();
    case Json::value_t::string: {
      const auto& text = json.get_ref<const std::string&>();
      if (auto bytes = codec::decode_base64(text)) {
        return std::move(*bytes);
      }
      return text;
    }
    case Json::value_t::object:
      return read_typed(json);
    default:
      return invalid_parameters("a list within the list");
  }
}

int bind_one(sqlite3_stmt* statement, int position, const Value& value) {
  struct Binder {
    sqlite3_stmt* statement;
    int position;

    int operator()(Null) const { return sqlite3_bind_null(statement, position); }
    int operator()(int64_t number) const { return sqlite3_bind_int64(statement, position, number); }
    int operator()(double number) const { return sqlite3_bind_double(statement, position, number); }
    int operator()(const std::string& text) const {
      return sqlite3_bind_text64(statement, position, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
    }
    int operator()(const Blob& bytes) const {
      // A null pointer would be bound as NULL.
      return bytes.empty() ? sqlite3_bind_zeroblob(statement, position, 0)
                           : sqlite3_bind_blob64(statement, position, bytes.data(), bytes.size(), SQLITE_STATIC);
    }
  };
  return std::visit(Binder{statement, position}, value);
}

}  // namespace

SqliteResult<Parameters> parse_parameters(std::string_view json) {
  if (json.empty()) {
    return Parameters{};
  }
  Result<Json> tree = codec::parse_json(json);
  if (!tree) {
    return invalid_parameters(tree.error().message);
  }
  if (!tree->is_array()) {
    return invalid_parameters("the parameters are no list");
  }
  Parameters parameters;
  parameters.reserve(tree->size());
  for (const Json& each : *tree) {
    SqliteResult<Value> value = read_value(each);
    if (!value) {
      return std::unexpected(std::move(value.error()));
    }
    parameters.push_back(std::move(*value));
  }
  return parameters;
}

SqliteResult<void> bind(sqlite3_stmt* statement, const Parameters& parameters) {
  const int needed = sqlite3_bind_parameter_count(statement);
  if (parameters.size() != static_cast<size_t>(needed)) {
    return sqlite_failure(
        fmt::format("Wrong number of parameters passed to query. Got {}, needed {}", parameters.size(), needed));
  }
  for (int position = 1; position <= needed; ++position) {
    if (bind_one(statement, position, parameters[position - 1]) != SQLITE_OK) {
      return sqlite_failure(fmt::format("parameter {}: {}", position, sqlite3_errmsg(sqlite3_db_handle(statement))));
    }
  }
  return {};
}

RowWriter::RowWriter(sqlite3_stmt* statement, const Limits& limits) : statement_(statement), limits_(limits) {
  const int count = sqlite3_column_count(statement);
  for (int index = 0; index < count; ++index) {
    const char* name = sqlite3_column_name(statement, index);
    std::string key = codec::to_text(name == nullptr ? "" : name) + ":";
    std::erase_if(columns_, [&](const Column& column) { return column.key == key; });
    columns_.push_back({index, std::move(key)});
  }
}

SqliteResult<void> RowWriter::add_row() {
  if (++rows_ > limits_.answer_rows) {
    return sqlite_failure(
        fmt::format("the answer has more than {} rows; ask for less with LIMIT and OFFSET", limits_.answer_rows));
  }
  text_ += text_.size() > 1 ? ",{" : "{";
  for (const Column& column : columns_) {
    text_ += column.key;
    if (SqliteResult<void> added = add_value(column.index); !added) {
      return added;
    }
    text_ += ',';
    if (text_.size() > limits_.answer_bytes) {
      return sqlite_failure(
          fmt::format("the answer has more than {} bytes; ask for less with LIMIT and OFFSET", limits_.answer_bytes));
    }
  }
  if (!columns_.empty()) {
    text_.pop_back();
  }
  text_ += '}';
  return {};
}

SqliteResult<void> RowWriter::add_value(int column) {
  switch (sqlite3_column_type(statement_, column)) {
    case SQLITE_INTEGER:
      text_ += std::to_string(sqlite3_column_int64(statement_, column));
      return {};
    case SQLITE_FLOAT: {
      const double number = sqlite3_column_double(statement_, column);
      text_ += std::isfinite(number) ? codec::to_text(number) : "null";
      return {};
    }
    case SQLITE_TEXT: {
      const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
      const auto size = static_cast<size_t>(sqlite3_column_bytes(statement_, column));
      if (bytes == nullptr) {
        return sqlite_failure("out of memory");
      }
      const std::string_view text(bytes, size);
      if (!is_utf8(text)) {
        return sqlite_failure(
            fmt::format("row {}: the text in column {} is not UTF-8; CAST({} AS BLOB) gives its bytes", rows_,
                        sqlite3_column_name(statement_, column), sqlite3_column_name(statement_, column)));
      }
      text_ += codec::to_text(text);
      return {};
    }
    case SQLITE_BLOB: {
      const auto* bytes = static_cast<const uint8_t*>(sqlite3_column_blob(statement_, column));
      const auto size = static_cast<size_t>(sqlite3_column_bytes(statement_, column));
      text_ += '"';
      text_ += codec::encode_base64(std::span(bytes, size));
      text_ += '"';
      return {};
    }
    default:
      text_ += "null";
      return {};
  }
}

std::string RowWriter::take() && {
  text_ += ']';
  return std::move(text_);
}

}  // namespace kinode::modules::sqlite
