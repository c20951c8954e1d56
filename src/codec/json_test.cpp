#include "codec/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codec/generators_test.h"

namespace kinode::codec {
namespace {

using testing::HasSubstr;

/// Reads a text with `read`.
template <class Read>
auto read_text(std::string_view text, Read read) -> Result<detail::ReadValue<Read, JsonReader>> {
  Result<nlohmann::json> tree = parse_json(text);
  if (!tree) {
    return std::unexpected(tree.error());
  }
  return std::invoke(read, JsonReader(*tree));
}

// ---- text -----------------------------------------------------------------------------------------

TEST(ParseJson, TakesOneValue) {
  for (const char* text : {"1", " 1 \n", "null", "[]", "{}", R"("a")", R"({"a":[1,{"b":null}]})"}) {
    EXPECT_TRUE(parse_json(text)) << text;
  }
  for (const char* text : {"", " ", "1 2", "{} {}", "[1,]", "{\"a\"}", "{a:1}", "'a'", "01", "nul", "\"\xff\"",
                           "\"\n\"", R"("\ud800")", "// c\n1", "[", "}", "NaN", "\""}) {
    Result<nlohmann::json> tree = parse_json(text);
    ASSERT_FALSE(tree) << text;
    EXPECT_THAT(tree.error().message, HasSubstr("not JSON: parse error at line")) << text;
  }
  EXPECT_THAT(parse_json("1e999").error().message, testing::StartsWith("not JSON: "));
}

TEST(ParseJson, AZeroByteDoesNotEndIt) {
  using namespace std::string_view_literals;
  for (std::string_view text : {"1\0"sv, "1\0 2"sv, "{}\0}"sv, "\0"sv, "\"\0\""sv}) {
    EXPECT_FALSE(parse_json(text)) << text;
  }
  EXPECT_EQ(parse_json("1 \0"sv).error().message, "not JSON: byte 3 is zero");
  EXPECT_TRUE(parse_json(R"("\u0000")"));
}

TEST(ParseJson, IsBoundedInDepthAndSize) {
  auto nested = [](size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(parse_json(nested(127)));
  EXPECT_THAT(parse_json(nested(128)).error().message, HasSubstr("deeper than 127"));
  EXPECT_THAT(parse_json(std::string(5'000'000, '[')).error().message, HasSubstr("deeper than 127"));
  EXPECT_TRUE(parse_json(R"([[],["]]]][[[[",{"[\"[":[]}]])", {.depth = 4})) << "brackets in strings do not count";
  EXPECT_FALSE(parse_json(R"([{"a":[[]]}])", {.depth = 3}));
  EXPECT_TRUE(parse_json("[[],[],[],[],[]]", {.depth = 2}));
  EXPECT_TRUE(parse_json("12345", {.size = 5}));
  EXPECT_THAT(parse_json("123456", {.size = 5}).error().message, HasSubstr("6 bytes is over the limit of 5"));
  EXPECT_LT(parse_json("\"" + std::string(100'000, 'x')).error().message.size(), 1000U);
}

TEST(ToText, NeverFails) {
  EXPECT_EQ(to_text({{"b", 1}, {"a", nullptr}}), R"({"b":1,"a":null})");
  EXPECT_EQ(to_text("\xff"), "\"\xef\xbf\xbd\"");
  EXPECT_EQ(to_text("\x01\n\x7f/\\\"é"), "\"\\u0001\\n\x7f/\\\\\\\"é\"");
}

// ---- single values --------------------------------------------------------------------------------

TEST(JsonReader, ReadsIntegersExactly) {
  EXPECT_EQ(*read_text("18446744073709551615", &JsonReader::u64), 18446744073709551615U);
  EXPECT_EQ(*read_text("9007199254740993", &JsonReader::u64), 9007199254740993U);
  EXPECT_EQ(*read_text("4294967295", &JsonReader::u32), 4294967295U);
  EXPECT_EQ(*read_text("-9223372036854775808", &JsonReader::i64), INT64_MIN);
  EXPECT_EQ(*read_text("9223372036854775807", &JsonReader::i64), INT64_MAX);
  for (const char* text : {"18446744073709551616", "-1", "1.0", "1e3", "-0", "\"1\"", "null", "true", "[1]"}) {
    EXPECT_FALSE(read_text(text, &JsonReader::u64)) << text;
    EXPECT_FALSE(read_text(text, &JsonReader::u32)) << text;
  }
  EXPECT_FALSE(read_text("4294967296", &JsonReader::u32));
  EXPECT_FALSE(read_text("9223372036854775808", &JsonReader::i64));
  EXPECT_FALSE(read_text("-9223372036854775809", &JsonReader::i64));
}

TEST(JsonReader, ReadsOtherValues) {
  EXPECT_TRUE(*read_text("true", &JsonReader::boolean));
  EXPECT_FALSE(read_text("1", &JsonReader::boolean));
  EXPECT_EQ(*read_text("1", &JsonReader::number), 1.0);
  EXPECT_EQ(*read_text("-0.5", &JsonReader::number), -0.5);
  EXPECT_EQ(*read_text(R"("\u00e4\ud83d\ude00")", &JsonReader::string), "ä😀");
  EXPECT_EQ(*read_text("[]", &JsonReader::bytes), Bytes());
  EXPECT_EQ(read_text("[0,104,255]", &JsonReader::bytes)->text(), std::string_view("\0h\xff", 3));
  EXPECT_TRUE(read_text("null", &JsonReader::unit));
  EXPECT_FALSE(read_text("[]", &JsonReader::unit));
  EXPECT_EQ(read_text("\"ab\"", &JsonReader::bytes).error().message, "expected a list of bytes, found a string");
  EXPECT_EQ(read_text("[1,256]", &JsonReader::bytes).error().message,
            "[1]: expected a whole number from 0 to 255, found 256");
  EXPECT_FALSE(read_text("[1,-1]", &JsonReader::bytes));
  EXPECT_FALSE(read_text("[1.0]", &JsonReader::bytes));
}

TEST(JsonReader, ReadsListsAndMaps) {
  auto numbers = [](const JsonReader& reader) { return reader.list(&JsonReader::u64); };
  EXPECT_EQ(*read_text("[1,2]", numbers), (std::vector<uint64_t>{1, 2}));
  EXPECT_EQ(read_text("{}", numbers).error().message, "expected a list, found an object");
  auto map = [&](const JsonReader& reader) { return reader.map(numbers); };
  EXPECT_EQ(read_text(R"({"a":[1],"b":[]})", map)->at("a"), (std::vector<uint64_t>{1}));
  EXPECT_EQ(read_text(R"({"a":[1],"b":[1,"x"]})", map).error().message,
            "b[1]: expected a whole number that is not negative, found a string");
  auto maybe = [](const JsonReader& reader) { return reader.optional(&JsonReader::string); };
  EXPECT_EQ(*read_text("null", maybe), std::nullopt);
  EXPECT_EQ(*read_text("\"\"", maybe), "");
  EXPECT_FALSE(read_text("1", maybe));
  EXPECT_EQ(read_text("[1,2,3]", [](const JsonReader& reader) { return reader.tuple(2); }).error().message,
            "expected a list of 2, found a list of 3");
}

// ---- structs and enums ----------------------------------------------------------------------------

struct Point {
  uint64_t x;
  std::optional<std::string> name;
};

Result<Point> read_point(const JsonReader& reader) {
  Result<JsonStruct> fields = reader.fields({"x", "name"});
  if (!fields) {
    return std::unexpected(fields.error());
  }
  Result<uint64_t> x = (*fields)["x"].u64();
  Result<std::optional<std::string>> name = (*fields)["name"].optional(&JsonReader::string);
  if (auto error = first_error(x, name)) {
    return std::unexpected(*error);
  }
  return Point{*x, *name};
}

TEST(JsonStruct, IsAnObjectOrAListInOrder) {
  for (const char* text :
       {R"({"x":1,"name":"n"})", R"({"name":"n","x":1})", R"([1,"n"])", R"({"y":[],"x":1,"name":"n"})"}) {
    Result<Point> point = read_text(text, read_point);
    ASSERT_TRUE(point) << text;
    EXPECT_EQ(point->x, 1U);
    EXPECT_EQ(point->name, "n");
  }
  EXPECT_EQ(read_text(R"({"x":1})", read_point)->name, std::nullopt);
  EXPECT_EQ(read_text(R"({"x":1,"name":null})", read_point)->name, std::nullopt);
  EXPECT_EQ(read_text(R"({"x":1,"x":2})", read_point)->x, 2U);
}

TEST(JsonStruct, SaysWhatIsWrongWhere) {
  const std::vector<std::pair<std::string, std::string>> errors = {
      {"{}", "x: missing, expected a whole number that is not negative"},
      {R"({"x":null})", "x: expected a whole number that is not negative, found null"},
      {R"({"x":1,"name":2})", "name: expected a string, found 2"},
      {"[1]", "expected an object, or a list of 2 (x, name), found a list of 1"},
      {R"([1,"n",3])", "expected an object, or a list of 2 (x, name), found a list of 3"},
      {"1", "expected an object with x, name, found 1"},
      {"null", "expected an object with x, name, found null"},
  };
  for (const auto& [text, message] : errors) {
    Result<Point> point = read_text(text, read_point);
    ASSERT_FALSE(point) << text;
    EXPECT_EQ(point.error().message, message);
  }
}

TEST(JsonVariant, IsTaggedFromOutside) {
  auto variant = [](const JsonReader& reader) { return reader.variant(); };
  nlohmann::json tree = *parse_json(R"({"Move":{"x":1}})");
  Result<JsonVariant> move = JsonReader(tree, "action").variant();
  ASSERT_TRUE(move);
  EXPECT_EQ(move->name(), "Move");
  EXPECT_EQ(read_point(move->payload())->x, 1U);
  EXPECT_EQ(move->payload().place(), "action.Move");
  EXPECT_FALSE(move->unit());
  EXPECT_EQ(move->unknown().error().message, "action: unknown variant `Move`");

  tree = "Stop";
  Result<JsonVariant> stop = JsonReader(tree).variant();
  EXPECT_EQ(*stop->unit(5), 5);
  EXPECT_EQ(stop->payload().u64().error().message, "Stop: missing, expected a whole number that is not negative");
  tree = {{"Stop", nullptr}};
  EXPECT_TRUE(JsonReader(tree).variant()->unit());

  for (const char* text : {"{}", R"({"A":1,"B":2})", "[]", "1", "null", R"(["Stop"])"}) {
    EXPECT_THAT(read_text(text, variant).error().message, HasSubstr("expected \"Name\"")) << text;
  }
}

// ---- our types ------------------------------------------------------------------------------------

TEST(JsonTypes, NamesAreTextAndPackagesStructs) {
  EXPECT_EQ(read_text(R"("n@a:b:c")", read_address)->text(), "n@a:b:c");
  EXPECT_EQ(read_text(R"("a:b:c")", read_process_id)->text(), "a:b:c");
  EXPECT_EQ(read_text(R"({"package_name":"a","publisher_node":"b"})", read_package_id)->text(), "a:b");
  EXPECT_THAT(read_text(R"("a:b:c")", read_address).error().message, HasSubstr("Node ID missing"));
  EXPECT_FALSE(read_text(R"("a:b")", read_package_id));
  EXPECT_FALSE(read_text("1", read_process_id));
  EXPECT_EQ(to_text(to_json(PackageId("a", "b"))), R"({"package_name":"a","publisher_node":"b"})");
  EXPECT_EQ(to_text(to_json(*Address::parse("n@a:b:c"))), R"("n@a:b:c")");
}

TEST(JsonTypes, CapabilityAloneOrSigned) {
  const char* plain = R"({"issuer":"n@a:b:c","params":"\"messaging\""})";
  Capability capability = Capability::messaging(*Address::parse("n@a:b:c"));
  EXPECT_EQ(*read_text(plain, read_capability), capability);
  EXPECT_EQ(to_text(to_json(capability)), plain);

  AttachedCapability bare{capability, {}};
  AttachedCapability with_signature{capability, Bytes::copy_of("\x01\xff")};
  std::string text = fmt::format("[{},[1,255]]", plain);
  EXPECT_EQ(*read_text(text, read_attached_capability), with_signature);
  EXPECT_EQ(to_text(to_json(with_signature)), text);
  EXPECT_EQ(*read_text(plain, read_attached_capability), bare);
  EXPECT_EQ(*read_text(R"(["n@a:b:c","\"messaging\""])", read_attached_capability), bare);
  EXPECT_EQ(*read_text(R"([["n@a:b:c","\"messaging\""],[]])", read_attached_capability), bare);

  EXPECT_THAT(read_text(R"({"issuer":"n@a:b:c","params":"messaging"})", read_capability).error().message,
              testing::StartsWith("params: capability params are not JSON"));
  for (const char* bad :
       {"[]", "{}", "null", R"([{"issuer":"n@a:b:c","params":"1"}])", R"([{"issuer":"n@a:b:c","params":"1"},[1],2])",
        R"([{"issuer":"n@a:b:c","params":"1"},"s"])"}) {
    EXPECT_FALSE(read_text(bad, read_attached_capability)) << bad;
  }
}

TEST(JsonTypes, OnExitAsTheReferenceWritesIt) {
  EXPECT_EQ(to_text(to_json(OnExit::none())), R"("None")");
  EXPECT_EQ(to_text(to_json(OnExit::restart())), R"("Restart")");
  const std::string text =
      R"({"Requests":[["n@a:b:c",{"inherit":false,"expects_response":5,"body":[104,105],"metadata":null,)"
      R"("capabilities":[[{"issuer":"n@a:b:c","params":"1"},[7]]]},{"mime":"m","bytes":[1]}],)"
      R"(["n@d:e:f",{"inherit":true,"expects_response":null,"body":[],"metadata":"x","capabilities":[]},null]]})";
  Result<OnExit> on_exit = read_text(text, read_on_exit);
  ASSERT_TRUE(on_exit) << on_exit.error().message;
  EXPECT_EQ(to_text(to_json(*on_exit)), text);
  EXPECT_EQ(on_exit->requests[0].request.body.text(), "hi");
  EXPECT_FALSE(read_text(R"("Requests")", read_on_exit));
  EXPECT_FALSE(read_text(R"({"Restart":1})", read_on_exit));
  EXPECT_EQ(read_text(R"("Perhaps")", read_on_exit).error().message, "unknown variant `Perhaps`");
}

TEST(JsonTypes, KernelMessageKeepsItsContext) {
  const std::string text =
      R"({"id":18446744073709551615,"source":"n@a:b:c","target":"m@d:e:f","rsvp":"n@g:h:i","message":{"Response":[)"
      R"({"inherit":false,"body":[1],"metadata":null,"capabilities":[]},[9,8]]},"lazy_load_blob":null})";
  Result<KernelMessage> message = read_text(text, [](const JsonReader& reader) { return read_kernel_message(reader); });
  ASSERT_TRUE(message) << message.error().message;
  EXPECT_EQ(message->context->text(), "\x09\x08");
  EXPECT_EQ(to_text(to_json(*message)), text);
}

/// Whether what is written reads as the same value.
template <class Value>
bool comes_back(const Value& value, Result<Value> (*read)(const JsonReader&)) {
  Result<Value> back = read_text(to_text(to_json(value)), read);
  return back && *back == value;
}

TEST(JsonTypes, GoThereAndBack) {
  EXPECT_TRUE(rc::check("names", [] {
    Address address = any_address();
    RC_ASSERT(comes_back(address, read_address));
    RC_ASSERT(comes_back(address.process(), read_process_id));
    RC_ASSERT(comes_back(address.process().package_id(), read_package_id));
  }));
  EXPECT_TRUE(rc::check("a capability, with its text", [] {
    AttachedCapability attached = any_attached();
    RC_ASSERT(comes_back(attached, read_attached_capability));
    RC_ASSERT(comes_back(attached.capability, read_capability));
    RC_ASSERT(read_text(to_text(to_json(attached.capability)), read_capability)->params() ==
              attached.capability.params());
  }));
  EXPECT_TRUE(rc::check("a blob", [] {
    std::optional<std::string> mime = maybe_text();
    RC_ASSERT(comes_back(Blob{mime, any_bytes()}, read_blob));
  }));
  EXPECT_TRUE(rc::check("a request", [] { RC_ASSERT(comes_back(any_request(), read_request)); }));
  EXPECT_TRUE(rc::check("a response", [] { RC_ASSERT(comes_back(any_response(), read_response)); }));
  EXPECT_TRUE(rc::check("on-exit", [] { RC_ASSERT(comes_back(any_on_exit(), read_on_exit)); }));
  EXPECT_TRUE(rc::check("a kernel message", [] {
    KernelMessage message = any_message();
    if (std::holds_alternative<Response>(message.message) && *rc::gen::arbitrary<bool>()) {
      message.context = any_bytes();
    }
    RC_ASSERT(comes_back(message, read_kernel_message));
  }));
}

TEST(JsonTypes, AnyTextIsReadOrRefused) {
  const std::string whole = R"({"Requests":[["n@a:b:c",{"inherit":false,"body":[1],"capabilities":[]},null]]})";
  EXPECT_TRUE(rc::check("one letter changed", [&] {
    std::string text = whole;
    text[*rc::gen::inRange<size_t>(0, text.size())] = *rc::gen::arbitrary<char>();
    (void)read_text(text, read_on_exit);
  }));
}

}  // namespace
}  // namespace kinode::codec
