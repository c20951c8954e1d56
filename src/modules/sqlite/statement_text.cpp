#include "modules/sqlite/statement_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <span>

#include "modules/sqlite/pragmas.h"

namespace kinode::modules::sqlite {
namespace {

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

bool is_space(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }

std::string_view leading_word(std::string_view text) {
  return text.substr(0, static_cast<size_t>(std::ranges::find_if_not(text, is_word) - text.begin()));
}

std::string upper(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return result;
}

constexpr std::array<std::string_view, 6> read_words = {"ANALYZE", "EXPLAIN", "PRAGMA", "SELECT", "VALUES", "WITH"};
constexpr std::array<std::string_view, 13> write_words = {"ALTER",  "ANALYZE", "CREATE",  "DELETE", "DROP",
                                                          "INSERT", "PRAGMA",  "REINDEX", "RENAME", "REPLACE",
                                                          "UPDATE", "VACUUM",  "WITH"};
constexpr std::array<std::string_view, 6> transaction_words = {"BEGIN",   "COMMIT",   "END",
                                                               "RELEASE", "ROLLBACK", "SAVEPOINT"};
constexpr std::array<std::string_view, 2> attach_words = {"ATTACH", "DETACH"};

bool is_one_of(std::span<const std::string_view> words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

/// The words that both actions refuse with the reason, as the first client takes them.
SqliteResult<void> check_word(std::string_view word) {
  if (is_one_of(transaction_words, word)) {
    return sqlite_failure(
        fmt::format("{}: a connection is shared, and so would be the transaction; use the actions BeginTx, Commit and "
                    "Rollback",
                    word));
  }
  if (is_one_of(attach_words, word)) {
    return sqlite_failure(fmt::format("{}: a request sees its own database alone", word));
  }
  return {};
}

/// Whether a PRAGMA sets something that the writing connection has.
bool sets_something(std::string_view sql) {
  std::string_view rest = skip_space(skip_space(sql).substr(std::string_view("PRAGMA").size()));
  std::string_view name = leading_word(rest);
  rest = skip_space(rest.substr(name.size()));
  if (rest.starts_with('.')) {
    rest = skip_space(rest.substr(1));
    name = leading_word(rest);
    rest = skip_space(rest.substr(name.size()));
  }
  const bool has_argument = rest.starts_with('=') || rest.starts_with('(');
  return pragma_effect(name, has_argument) == PragmaEffect::writes;
}

}  // namespace

std::string_view skip_space(std::string_view text) {
  while (!text.empty()) {
    if (is_space(text.front()) || text.front() == ';') {
      text.remove_prefix(1);
    } else if (text.starts_with("--")) {
      text.remove_prefix(std::min(text.find('\n'), text.size()));
    } else if (text.starts_with("/*")) {
      const size_t end = text.find("*/", 2);
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 2);
    } else {
      break;
    }
  }
  return text;
}

std::string first_word(std::string_view sql) { return upper(leading_word(skip_space(sql))); }

SqliteResult<Runs> classify_query(std::string_view sql) {
  const std::string word = first_word(sql);
  if (SqliteResult<void> allowed = check_word(word); !allowed) {
    return std::unexpected(std::move(allowed.error()));
  }
  if (!is_one_of(read_words, word)) {
    return not_a_read(word);
  }
  return word == "ANALYZE" || (word == "PRAGMA" && sets_something(sql)) ? Runs::on_writer : Runs::on_reader;
}

SqliteResult<void> check_write(std::string_view sql) {
  const std::string word = first_word(sql);
  if (SqliteResult<void> allowed = check_word(word); !allowed) {
    return allowed;
  }
  if (!is_one_of(write_words, word)) {
    return not_a_write(word);
  }
  return {};
}

}  // namespace kinode::modules::sqlite
