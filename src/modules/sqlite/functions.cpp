#include "modules/sqlite/functions.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <string_view>

#include "codec/json.h"

namespace kinode::modules::sqlite {
namespace {

/// Steps that trim may take: a second's.
constexpr size_t most_trim_steps = size_t{1} << 30U;
/// What SQLite marks its own JSON with, so that json_array and others take it as such.
constexpr unsigned json_subtype = 'J';

bool is_null(sqlite3_value* value) { return sqlite3_value_type(value) == SQLITE_NULL; }

std::string_view text_of(sqlite3_value* value) {
  const auto* text = reinterpret_cast<const char*>(sqlite3_value_text(value));
  return text == nullptr ? std::string_view() : std::string_view(text, sqlite3_value_bytes(value));
}

std::string_view bytes_of(sqlite3_value* value) {
  const auto* bytes = static_cast<const char*>(sqlite3_value_blob(value));
  return bytes == nullptr ? std::string_view() : std::string_view(bytes, sqlite3_value_bytes(value));
}

bool begins_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U; }

/// Where `needle` stands at or after `from`. By the C library, whose time is linear; that of std::string_view is not.
size_t find_text(std::string_view text, std::string_view needle, size_t from) {
  if (text.size() - from < needle.size()) {
    return std::string_view::npos;  // also where there is no text, and no memory to look into
  }
  const void* found = memmem(text.data() + from, text.size() - from, needle.data(), needle.size());
  return found == nullptr ? std::string_view::npos : static_cast<size_t>(static_cast<const char*>(found) - text.data());
}

void return_text(sqlite3_context* context, std::string_view text) {
  sqlite3_result_text64(context, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}

void instr(sqlite3_context* context, int /*count*/, sqlite3_value** arguments) {
  if (is_null(arguments[0]) || is_null(arguments[1])) {
    return;
  }
  const bool are_blobs =
      sqlite3_value_type(arguments[0]) == SQLITE_BLOB && sqlite3_value_type(arguments[1]) == SQLITE_BLOB;
  const std::string_view text = are_blobs ? bytes_of(arguments[0]) : text_of(arguments[0]);
  const std::string_view needle = are_blobs ? bytes_of(arguments[1]) : text_of(arguments[1]);
  if (needle.empty()) {
    sqlite3_result_int(context, 1);
    return;
  }
  const size_t place = find_text(text, needle, 0);
  if (place == std::string_view::npos) {
    sqlite3_result_int(context, 0);
    return;
  }
  const auto before =
      are_blobs ? static_cast<ptrdiff_t>(place) : std::ranges::count_if(text.substr(0, place), begins_character);
  sqlite3_result_int64(context, before + 1);
}

void replace(sqlite3_context* context, int /*count*/, sqlite3_value** arguments) {
  if (is_null(arguments[0]) || is_null(arguments[1])) {
    return;
  }
  const std::string_view text = text_of(arguments[0]);
  const std::string_view pattern = text_of(arguments[1]);
  if (pattern.empty()) {
    sqlite3_result_value(context, arguments[0]);
    return;
  }
  if (is_null(arguments[2])) {
    return;
  }
  const std::string_view substitute = text_of(arguments[2]);
  const auto most = static_cast<size_t>(sqlite3_limit(sqlite3_context_db_handle(context), SQLITE_LIMIT_LENGTH, -1));
  std::string result;
  size_t from = 0;
  for (size_t place = find_text(text, pattern, 0); place != std::string_view::npos;
       place = find_text(text, pattern, from)) {
    result += text.substr(from, place - from);
    result += substitute;
    from = place + pattern.size();
    if (result.size() > most) {
      sqlite3_result_error_toobig(context);
      return;
    }
  }
  result += text.substr(from);
  return_text(context, result);
}

/// Takes the first character off `text`, which is not empty.
std::string_view take_character(std::string_view& text) {
  const auto rest = std::ranges::find_if(text.substr(1), begins_character);
  const std::string_view character(text.begin(), rest);
  text.remove_prefix(character.size());
  return character;
}

/// The first character of `set` for which `stands_there`; empty where there is none.
template <class Predicate>
std::string_view find_character(std::string_view set, Predicate stands_there) {
  while (!set.empty()) {
    if (const std::string_view character = take_character(set); stands_there(character)) {
      return character;
    }
  }
  return {};
}

constexpr int trims_left = 1;
constexpr int trims_right = 2;

/// Which sides is the function's user data.
void trim(sqlite3_context* context, int count, sqlite3_value** arguments) {
  if (is_null(arguments[0]) || (count == 2 && is_null(arguments[1]))) {
    return;
  }
  const int sides = *static_cast<const int*>(sqlite3_user_data(context));
  std::string_view text = text_of(arguments[0]);
  const std::string_view set = count == 2 ? text_of(arguments[1]) : " ";
  if (!set.empty() && text.size() > most_trim_steps / set.size()) {
    sqlite3_result_error(context, "trim: the texts are too long", -1);
    return;
  }
  // The set is gone through each time: a list of its characters would be many times as long.
  auto strip = [&](auto stands_there, auto remove) {
    for (size_t size = 1; size > 0 && !text.empty();) {
      size = find_character(set, stands_there).size();
      remove(size);
    }
  };
  if ((sides & trims_left) != 0) {
    strip([&](std::string_view each) { return text.starts_with(each); },
          [&](size_t size) { text.remove_prefix(size); });
  }
  if ((sides & trims_right) != 0) {
    strip([&](std::string_view each) { return text.ends_with(each); }, [&](size_t size) { text.remove_suffix(size); });
  }
  return_text(context, text);
}

/// RFC 7396. The members come in the order of their names.
void json_patch(sqlite3_context* context, int /*count*/, sqlite3_value** arguments) {
  if (is_null(arguments[0]) || is_null(arguments[1])) {
    return;
  }
  Result<nlohmann::json> target = codec::parse_json(text_of(arguments[0]));
  Result<nlohmann::json> patch = codec::parse_json(text_of(arguments[1]));
  if (!target || !patch) {
    sqlite3_result_error(context, "malformed JSON", -1);
    return;
  }
  target->merge_patch(*patch);
  return_text(context, target->dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  sqlite3_result_subtype(context, json_subtype);
}

struct Function {
  const char* name;
  int arguments;
  void (*body)(sqlite3_context*, int, sqlite3_value**);
  int sides = 0;
};

constexpr std::array<Function, 9> functions = {{{"instr", 2, instr},
                                                {"replace", 3, replace},
                                                {"json_patch", 2, json_patch},
                                                {"trim", 1, trim, trims_left | trims_right},
                                                {"trim", 2, trim, trims_left | trims_right},
                                                {"ltrim", 1, trim, trims_left},
                                                {"ltrim", 2, trim, trims_left},
                                                {"rtrim", 1, trim, trims_right},
                                                {"rtrim", 2, trim, trims_right}}};

}  // namespace

bool add_functions(sqlite3* connection) {
  return std::ranges::all_of(functions, [&](const Function& function) {
    return sqlite3_create_function_v2(
               connection, function.name, function.arguments, SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS,
               const_cast<int*>(&function.sides), function.body, nullptr, nullptr, nullptr) == SQLITE_OK;
  });
}

}  // namespace kinode::modules::sqlite
