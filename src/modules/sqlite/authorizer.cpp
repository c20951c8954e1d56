#include "modules/sqlite/authorizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "modules/sqlite/pragmas.h"

namespace kinode::modules::sqlite {
namespace {

/// Of the modules that SQLite brings, those whose tables live in the database alone.
constexpr std::array<std::string_view, 7> table_modules = {"fts3",      "fts4",  "fts4aux",  "fts5",
                                                           "fts5vocab", "rtree", "rtree_i32"};
/// The one leads to the host's files, the other shows and takes addresses of memory.
constexpr std::array<std::string_view, 2> refused_functions = {"load_extension", "fts3_tokenizer"};
/// What other requests ran on this connection.
constexpr std::array<std::string_view, 1> refused_tables = {"sqlite_stmt"};

bool equal_names(std::string_view a, std::string_view b) {
  // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage): no more than the size is read
  return a.size() == b.size() && sqlite3_strnicmp(a.data(), b.data(), static_cast<int>(a.size())) == 0;
}

bool is_one_of(std::span<const std::string_view> names, std::string_view name) {
  return std::ranges::any_of(names, [&](std::string_view each) { return equal_names(each, name); });
}

constexpr const char* temporary = "what is temporary, since requests share their connections";

bool is_creation(int action) {
  return action == SQLITE_CREATE_INDEX || action == SQLITE_CREATE_TABLE || action == SQLITE_CREATE_TRIGGER ||
         action == SQLITE_CREATE_VIEW || action == SQLITE_CREATE_VTABLE;
}

std::string_view view(const char* text) { return text == nullptr ? std::string_view() : std::string_view(text); }

}  // namespace

void Authorizer::install(sqlite3* connection) { sqlite3_set_authorizer(connection, ask, this); }

void Authorizer::begin_prepare() {
  is_stepping_ = false;
  refused_ = Refused::nothing;
  reason_.clear();
}

void Authorizer::begin_step(bool is_vacuum) {
  is_stepping_ = true;
  is_vacuum_ = is_vacuum;
}

int Authorizer::ask(void* self, int action, const char* first, const char* second, const char* database,
                    const char* /*trigger*/) {
  auto& authorizer = *static_cast<Authorizer*>(self);
  if (authorizer.is_suspended_) {
    return SQLITE_OK;
  }
  if (action == SQLITE_PRAGMA) {
    return authorizer.judge_pragma(view(first), second != nullptr);
  }
  if (is_creation(action) && view(database) == "temp") {
    return authorizer.refuse(Refused::other, temporary);
  }
  return authorizer.judge(action, view(first), view(second));
}

int Authorizer::judge(int action, std::string_view first, std::string_view second) {
  switch (action) {
    case SQLITE_SELECT:
    case SQLITE_RECURSIVE:
      return SQLITE_OK;
    case SQLITE_READ:
      return is_one_of(refused_tables, first) ? refuse(Refused::other, fmt::format("the table {}", first)) : SQLITE_OK;
    case SQLITE_FUNCTION:
      return is_one_of(refused_functions, second) ? refuse(Refused::other, fmt::format("the function {}", second))
                                                  : SQLITE_OK;
    case SQLITE_ATTACH:
    case SQLITE_DETACH:
    case SQLITE_TRANSACTION:
    case SQLITE_SAVEPOINT:
      return judge_own_words(action, first);
    default:
      return judge_change(action, first, second);
  }
}

int Authorizer::judge_change(int action, std::string_view first, std::string_view second) {
  // So SQLite asks when a virtual table tells its columns. No statement of a request comes through: the connection is
  // in defensive mode.
  if (action == SQLITE_UPDATE && first == "sqlite_master") {
    return SQLITE_OK;
  }
  switch (action) {
    case SQLITE_CREATE_TEMP_INDEX:
    case SQLITE_CREATE_TEMP_TABLE:
    case SQLITE_CREATE_TEMP_TRIGGER:
    case SQLITE_CREATE_TEMP_VIEW:
      return refuse(Refused::other, temporary);
    case SQLITE_CREATE_VTABLE:
      if (!is_one_of(table_modules, second)) {
        return refuse(Refused::other, fmt::format("tables of the module {}", second));
      }
      [[fallthrough]];
    case SQLITE_ALTER_TABLE:
    case SQLITE_ANALYZE:
    case SQLITE_CREATE_INDEX:
    case SQLITE_CREATE_TABLE:
    case SQLITE_CREATE_TRIGGER:
    case SQLITE_CREATE_VIEW:
    case SQLITE_DELETE:
    case SQLITE_DROP_INDEX:
    case SQLITE_DROP_TABLE:
    case SQLITE_DROP_TRIGGER:
    case SQLITE_DROP_VIEW:
    case SQLITE_DROP_VTABLE:
    case SQLITE_INSERT:
    case SQLITE_REINDEX:
    case SQLITE_UPDATE:
      return allows_ == Allows::writing ? SQLITE_OK : refuse(Refused::change, "changes, in a Query");
    default:
      return refuse(Refused::other, fmt::format("what SQLite calls action {}", action));
  }
}

int Authorizer::judge_pragma(std::string_view name, bool has_argument) {
  switch (pragma_effect(name, has_argument)) {
    case PragmaEffect::reads:
      return SQLITE_OK;
    case PragmaEffect::ignored:
      return SQLITE_IGNORE;
    case PragmaEffect::writes:
      return allows_ == Allows::writing ? SQLITE_OK
                                        : refuse(Refused::change, fmt::format("PRAGMA {}, in a Query", name));
    case PragmaEffect::refused:
      break;
  }
  return refuse(Refused::other, fmt::format("PRAGMA {}{}", name, has_argument ? " with a value" : ""));
}

/// Of a request itself they are refused; SQLite says some of them to carry it out.
int Authorizer::judge_own_words(int action, std::string_view first) {
  const bool is_writing = is_stepping_ && allows_ == Allows::writing;
  // VACUUM copies the database into a file without a name, in a transaction. With INTO the file has a name.
  if (is_writing && is_vacuum_ && (action == SQLITE_TRANSACTION || (action == SQLITE_ATTACH && first.empty()))) {
    return SQLITE_OK;
  }
  // FTS3 and FTS4 keep a change of several tables together.
  if (is_writing && action == SQLITE_SAVEPOINT) {
    return SQLITE_OK;
  }
  if (action == SQLITE_ATTACH || action == SQLITE_DETACH) {
    return refuse(Refused::other, "other files, since a request sees its own database alone");
  }
  return refuse(Refused::other, "transactions by SQL; use the actions BeginTx, Commit and Rollback");
}

int Authorizer::refuse(Refused kind, std::string reason) {
  refused_ = kind;
  reason_ = "not authorized: " + std::move(reason);
  return SQLITE_DENY;
}

}  // namespace kinode::modules::sqlite
