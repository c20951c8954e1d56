#include "kinode/sqlite.h"

#include <array>
#include <cstddef>
#include <utility>

#include "module_call.h"

namespace kinode::sqlite {

namespace {

constexpr uint64_t timeout_s = 60;
constexpr std::string_view base64_letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string to_base64(const std::vector<uint8_t>& bytes) {
  std::string text;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t group = 0;
    for (size_t j = 0; j < 3; ++j) group = group << 8 | (i + j < bytes.size() ? bytes[i + j] : 0);
    for (size_t j = 0; j < 4; ++j) {
      text += i + j <= bytes.size() ? base64_letters[group >> (18 - 6 * j) & 63] : '=';
    }
  }
  return text;
}

/// Each with its type: a text alone might be taken for base64.
Json parameter_of(const Value& value) {
  struct Writer {
    Json operator()(std::nullptr_t) const { return nullptr; }
    Json operator()(int64_t number) const { return number; }
    Json operator()(double number) const { return number; }
    Json operator()(const std::string& text) const { return {{"Text", text}}; }
    Json operator()(const std::vector<uint8_t>& bytes) const { return {{"Blob", to_base64(bytes)}}; }
  };
  return std::visit(Writer{}, value);
}

Blob blob_of_parameters(const std::vector<Value>& parameters) {
  Json list = Json::array();
  for (const Value& each : parameters) list.push_back(parameter_of(each));
  return {.bytes = dump(list)};
}

/// The rows that the message received last carries, none without a blob.
Result<std::vector<Json>> received_rows() {
  auto blob = get_blob();
  if (!blob) return std::vector<Json>();
  auto rows = parse_json(blob->bytes.text());
  if (!rows || !rows->is_array()) return std::unexpected(Error{"MalformedResponse"});
  return rows->get<std::vector<Json>>();
}

Result<void> nothing_of(Result<Json> answer) {
  if (!answer) return std::unexpected(std::move(answer.error()));
  return {};
}

}  // namespace

std::optional<std::vector<uint8_t>> blob_of(const Json& value) {
  if (!value.is_string()) return std::nullopt;
  const auto& text = value.get_ref<const std::string&>();
  if (text.size() % 4 != 0) return std::nullopt;
  std::vector<uint8_t> bytes;
  uint32_t group = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool is_padding = text[i] == '=' && i + 2 >= text.size();
    const size_t digit = is_padding ? 0 : base64_letters.find(text[i]);
    if (digit == std::string_view::npos) return std::nullopt;
    group = group << 6 | static_cast<uint32_t>(digit);
    if (i % 4 == 3) {
      for (const int shift : {16, 8, 0}) bytes.push_back(static_cast<uint8_t>(group >> shift));
      group = 0;
    }
  }
  for (size_t i = 1; i <= 2 && i <= text.size() && text[text.size() - i] == '='; ++i) bytes.pop_back();
  return bytes;
}

Result<Json> Database::ask(Json action, const Blob* blob) const {
  static const Address module = Address::local("sqlite:distro:sys");
  auto answer = kinode::ask({.module = module,
                             .body = {{"package_id", to_json(package_)}, {"db", name_}, {"action", std::move(action)}},
                             .blob = blob,
                             .timeout_s = timeout_s});
  if (!answer) return std::unexpected(Error{std::move(answer.error())});
  return std::move(*answer);
}

Database Database::opened_by_another(PackageId package, std::string name) {
  return Database(std::move(package), std::move(name));
}

Result<Database> Database::open(PackageId package, std::string name) {
  Database database(std::move(package), std::move(name));
  auto answer = database.ask("Open", nullptr);
  if (!answer) return std::unexpected(std::move(answer.error()));
  return database;
}

Result<std::vector<Json>> Database::query(std::string_view sql, const std::vector<Value>& parameters) const {
  const Blob blob = blob_of_parameters(parameters);
  auto answer = ask({{"Query", sql}}, &blob);
  if (!answer) return std::unexpected(std::move(answer.error()));
  return received_rows();
}

Result<std::vector<Json>> Database::write_in(std::string_view sql, const std::vector<Value>& parameters,
                                             std::optional<uint64_t> transaction) const {
  const Blob blob = blob_of_parameters(parameters);
  Json action = {{"Write", {{"statement", sql}, {"tx_id", nullptr}}}};
  if (transaction) action["Write"]["tx_id"] = *transaction;
  auto answer = ask(std::move(action), &blob);
  if (!answer) return std::unexpected(std::move(answer.error()));
  return received_rows();
}

Result<std::vector<Json>> Database::write(std::string_view sql, const std::vector<Value>& parameters) const {
  return write_in(sql, parameters, std::nullopt);
}

Result<Transaction> Database::begin() const {
  auto answer = ask("BeginTx", nullptr);
  if (!answer) return std::unexpected(std::move(answer.error()));
  auto id = number_member(member(*answer, "BeginTx"), "tx_id");
  if (!id) return std::unexpected(Error{"MalformedResponse"});
  return Transaction(*this, *id);
}

Result<void> Database::remove() const { return nothing_of(ask("RemoveDb", nullptr)); }

Result<void> Transaction::write(std::string_view sql, const std::vector<Value>& parameters) const {
  auto written = database_.write_in(sql, parameters, id_);
  if (!written) return std::unexpected(std::move(written.error()));
  return {};
}

Result<void> Transaction::end(const char* action) const {
  return nothing_of(database_.ask({{action, {{"tx_id", id_}}}}, nullptr));
}

Result<void> Transaction::commit() const { return end("Commit"); }
Result<void> Transaction::rollback() const { return end("Rollback"); }

}  // namespace kinode::sqlite
