#include "modules/sqlite/values.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <limits>

#include "codec/base64.h"
#include "codec/json.h"
#include "kernel/testing/temp_folder.h"
#include "modules/sqlite/connection.h"

namespace kinode::modules::sqlite {
namespace {

std::string error_of(std::string_view json) {
  auto parsed = parse_parameters(json);
  return parsed ? "none" : parsed.error().body();
}

TEST(ParametersTest, AreBoundAsByTheFirstClient) {
  const Parameters expected = {int64_t{1}, int64_t{-1}, 1.5, int64_t{1}, int64_t{0}, Null{}, "plain text", 1.0};
  EXPECT_EQ(parse_parameters(R"([1, -1, 1.5, true, false, null, "plain text", 1.0])"), expected);
  EXPECT_EQ(parse_parameters(""), Parameters{});
  EXPECT_EQ(parse_parameters("[]"), Parameters{});
}

TEST(ParametersTest, IntegersAreExactAndLargerOnesAreReal) {
  const Parameters expected = {std::numeric_limits<int64_t>::max(), std::numeric_limits<int64_t>::min(),
                               9223372036854775808.0, 18446744073709551615.0};
  EXPECT_EQ(parse_parameters("[9223372036854775807, -9223372036854775808, 9223372036854775808, 18446744073709551615]"),
            expected);
}

TEST(ParametersTest, Q2_TextThatIsBase64IsABlobUnlessOneSaysText) {
  EXPECT_EQ(parse_parameters(R"(["main"])"), Parameters{(Blob{0x99, 0xa8, 0xa7})});
  EXPECT_EQ(parse_parameters(R"([""])"), Parameters{Blob{}});
  EXPECT_EQ(parse_parameters(R"(["mai"])"), Parameters{"mai"});
  EXPECT_EQ(parse_parameters(R"([{"Text":"main"}, {"Text":""}])"), (Parameters{"main", ""}));
  EXPECT_EQ(parse_parameters(R"([{"Blob":"main"}])"), Parameters{(Blob{0x99, 0xa8, 0xa7})});
}

TEST(ParametersTest, AllElseIsInvalid) {
  for (const char* json : {"{}", "1", "null", "[[1]]", "[{}]", R"([{"Text":1}])", R"([{"Blob":"mai"}])",
                           R"([{"Text":"a","Blob":""}])", R"([{"text":"a"}])", "[1", "no json", "[1e999]"}) {
    EXPECT_EQ(error_of(json), R"({"Err":"InvalidParameters"})") << json;
  }
}

/// There and back through a table.
class RoundTrip {
 public:
  RoundTrip()
      : connection_(Connection::open(folder_.path() / "x.db", Connection::Role::writer, limits_, stopping_).value()) {
    connection_->write({"CREATE TABLE t (x)", {}}).value();
  }
  /// The value of the one row, and its type.
  nlohmann::json operator()(const std::string& parameters) {
    connection_->write({"DELETE FROM t", {}}).value();
    connection_->write({"INSERT INTO t VALUES (?)", parse_parameters(parameters).value()}).value();
    const std::string rows = connection_->query({"SELECT x, typeof(x) AS type FROM t", {}}).value();
    return codec::parse_json(rows).value()[0];
  }

 private:
  kernel::testing::TempFolder folder_;
  Limits limits_;
  std::atomic<bool> stopping_ = false;
  std::unique_ptr<Connection> connection_;
};

RC_GTEST_PROP(RoundTripProperty, WhatGoesInComesOut, ()) {
  static RoundTrip there_and_back;
  const auto integer = *rc::gen::arbitrary<int64_t>();
  RC_ASSERT(there_and_back(nlohmann::json::array({integer}).dump()) ==
            nlohmann::json({{"x", integer}, {"type", "integer"}}));
  const auto real = *rc::gen::suchThat(rc::gen::arbitrary<double>(), [](double each) { return std::isfinite(each); });
  RC_ASSERT(there_and_back(nlohmann::json::array({real}).dump()) == nlohmann::json({{"x", real}, {"type", "real"}}));
  const auto bytes = *rc::gen::arbitrary<Blob>();
  const std::string encoded = codec::encode_base64(bytes);
  RC_ASSERT(there_and_back(nlohmann::json::array({encoded}).dump()) ==
            nlohmann::json({{"x", encoded}, {"type", "blob"}}));
  const auto letters = *rc::gen::container<std::string>(rc::gen::inRange<char>(0, 127));
  RC_ASSERT(there_and_back(nlohmann::json::array({{{"Text", letters}}}).dump()) ==
            nlohmann::json({{"x", letters}, {"type", "text"}}));
}

TEST(RoundTripTest, TextOfAllKinds) {
  RoundTrip there_and_back;
  for (const std::string text : {"", "main", "\xf0\x9f\x98\x80 \xe2\x82\xac", "a\"\\\n\t\x01"}) {
    EXPECT_EQ(there_and_back(nlohmann::json::array({{{"Text", text}}}).dump()),
              nlohmann::json({{"x", text}, {"type", "text"}}));
  }
}

}  // namespace
}  // namespace kinode::modules::sqlite
