// Authorizer: what a statement may do. SQLite asks it for every table, function and PRAGMA that a statement names, also
// within views, triggers and virtual tables, before the statement runs; what is not expressly allowed is refused.
//
//   on a reader   reading alone
//   on a writer   also to change tables, to make, alter and drop tables, indexes, views, triggers, and virtual tables
//                 of the text search and R-tree modules
//   on neither    other files (ATTACH, VACUUM INTO, load_extension), transactions, temporary tables (connections are
//                 shared), and what the list of PRAGMAs refuses
//
// One for each connection, on the thread that uses it.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace kinode::modules::sqlite {

class Authorizer {
 public:
  enum class Allows : uint8_t { reading, writing };
  explicit Authorizer(Allows allows) : allows_(allows) {}
  Authorizer(const Authorizer&) = delete;
  Authorizer& operator=(const Authorizer&) = delete;

  /// From now on it is asked. It must outlive the connection.
  void install(sqlite3* connection);

  /// A statement is given to SQLite.
  void begin_prepare();
  /// It runs: now also what SQLite and its modules say on its behalf is asked for. VACUUM needs a second file for
  /// its time.
  void begin_step(bool is_vacuum);

  enum class Refused : uint8_t { nothing, change, other };
  /// What was refused since `begin_prepare`.
  [[nodiscard]] Refused refused() const { return refused_; }
  /// Why, for the guest.
  [[nodiscard]] const std::string& reason() const { return reason_; }

  /// The connection's own statements, which are asked nothing, run between these.
  void suspend(bool is_suspended) { is_suspended_ = is_suspended; }

 private:
  static int ask(void* self, int action, const char* first, const char* second, const char* database,
                 const char* trigger);
  int judge(int action, std::string_view first, std::string_view second);
  int judge_change(int action, std::string_view first, std::string_view second);
  int judge_pragma(std::string_view name, bool has_argument);
  int judge_own_words(int action, std::string_view first);
  int refuse(Refused kind, std::string reason);

  const Allows allows_;
  bool is_suspended_ = false;
  bool is_stepping_ = false;
  bool is_vacuum_ = false;
  Refused refused_ = Refused::nothing;
  std::string reason_;
};

}  // namespace kinode::modules::sqlite
