#include "modules/sqlite/functions.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <memory>
#include <string>
#include <vector>

#include "modules/sqlite/statement_memory.h"

namespace kinode::modules::sqlite {
namespace {

struct Close {
  void operator()(sqlite3* connection) const { sqlite3_close(connection); }
};

std::unique_ptr<sqlite3, Close> in_memory() {
  StatementMemory::install();
  sqlite3* connection = nullptr;
  EXPECT_EQ(sqlite3_open(":memory:", &connection), SQLITE_OK);
  return std::unique_ptr<sqlite3, Close>(connection);
}

/// The value and its type, or the error.
std::string value_of(sqlite3* connection, const std::string& expression) {
  sqlite3_stmt* statement = nullptr;
  const std::string sql = "SELECT quote(v), typeof(v) FROM (SELECT " + expression + " AS v)";
  EXPECT_EQ(sqlite3_prepare_v2(connection, sql.c_str(), -1, &statement, nullptr), SQLITE_OK) << expression;
  std::string result;
  if (sqlite3_step(statement) == SQLITE_ROW) {
    for (int column = 0; column < 2; ++column) {
      result += reinterpret_cast<const char*>(sqlite3_column_text(statement, column));
      result += ' ';
    }
  } else {
    result = sqlite3_errmsg(connection);
  }
  sqlite3_finalize(statement);
  return result;
}

// SQLite's own functions are what ours are compared with.
TEST(FunctionsTest, MeanWhatThoseOfSqliteMean) {
  auto theirs = in_memory();
  auto ours = in_memory();
  ASSERT_TRUE(add_functions(ours.get()));
  const std::vector<std::string> values = {"NULL",     "''",      "'a'",      "'abcabc'", "'bc'",  "'äöü'", "'ö'",
                                           "'  a b '", "x'6162'", "x'62'",    "x'c3'",    "12321", "2",     "1.5",
                                           "'%'",      "x''",     "'ab€cd€'", "'€'",      "'zzz'"};
  for (const std::string& a : values) {
    for (const std::string function : {"trim", "ltrim", "rtrim"}) {
      const std::string call = function + "(" + a + ")";
      EXPECT_EQ(value_of(ours.get(), call), value_of(theirs.get(), call)) << call;
    }
    for (const std::string& b : values) {
      for (const std::string function : {"instr", "trim", "ltrim", "rtrim"}) {
        const std::string call = function + "(" + a + "," + b + ")";
        EXPECT_EQ(value_of(ours.get(), call), value_of(theirs.get(), call)) << call;
      }
      for (const std::string& c : values) {
        const std::string call = "replace(" + a + "," + b + "," + c + ")";
        EXPECT_EQ(value_of(ours.get(), call), value_of(theirs.get(), call)) << call;
      }
    }
  }
  for (const char* call :
       {R"(json_patch('{"a":1,"b":2}','{"c":3,"d":4}'))", R"(json_patch('{"a":[1,2],"b":2}','{"a":9,"b":null,"c":8}'))",
        R"(json_patch('[1,2]','{"a":1}'))", R"(json_patch('1','2'))", R"(json_patch(NULL,'{}'))",
        R"(json_patch('{','{}'))", R"(json_array(json_patch('{}','{"a":1}')))"}) {
    EXPECT_EQ(value_of(ours.get(), call), value_of(theirs.get(), call)) << call;
  }
}

TEST(FunctionsTest, LongTextsTakeNoLongTime) {
  auto ours = in_memory();
  ASSERT_TRUE(add_functions(ours.get()));
  // SQLite's own take hours for these.
  EXPECT_EQ(value_of(ours.get(), "instr(zeroblob(16000000), zeroblob(8000000) || x'01')"), "0 integer ");
  EXPECT_EQ(value_of(ours.get(), "length(replace(hex(zeroblob(8000000)), hex(zeroblob(4000000)) || '1', ''))"),
            "16000000 integer ");
  EXPECT_EQ(value_of(ours.get(), "trim(hex(zeroblob(8000000)), hex(zeroblob(8000000)))"),
            "trim: the texts are too long");
}

TEST(FunctionsTest, TrimTakesLittleMoreMemoryThanItsTexts) {
  auto ours = in_memory();
  ASSERT_TRUE(add_functions(ours.get()));
  const auto peak = [] {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;  // KiB
  };
  const long before = peak();
  EXPECT_EQ(value_of(ours.get(), "trim('x', hex(zeroblob(16000000)))"), "'x' text ");
  EXPECT_LT(peak() - before, 384 << 10);
}

}  // namespace
}  // namespace kinode::modules::sqlite
