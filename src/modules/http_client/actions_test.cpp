#include "modules/http_client/actions.h"

#include <gmock/gmock.h>

namespace kinode::modules::http_client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

std::string error(std::string_view body) {
  const ActionResult<Action> action = read_action(body, Settings());
  return action ? "taken" : action.error().body;
}

TEST(Actions, Http) {
  const auto action = read_action(
      R"({"Http":{"method":"GET","url":"http://a/","headers":{"b":"2","A":"1\t","c\n":"3","d":"4\r","é":"5","e":"é","Host":"h"}}})",
      Settings());
  ASSERT_TRUE(action);
  const auto& http = std::get<HttpAction>(*action);
  EXPECT_EQ(http.version, 11U);
  EXPECT_THAT(http.headers, ElementsAre(Pair("A", "1\t"), Pair("Host", "h"), Pair("b", "2")))
      << "what no header can be is left out";
}

TEST(Actions, WhatIsMissingOrOfAnotherKind) {
  const std::string malformed = R"({"Err":"MalformedRequest"})";
  for (const char* body :
       {"", "[]", R"("Http")", R"({"Http":{}})", R"({"Http":{"method":"GET","url":"http://a/"}})",
        R"({"Http":{"method":1,"url":"http://a/","headers":{}}})", R"({"WebSocketOpen":{"url":"ws://a","headers":{}}})",
        R"({"WebSocketPush":{"channel_id":-1,"message_type":"Text"}})",
        R"({"WebSocketPush":{"channel_id":4294967296,"message_type":"Text"}})",
        R"({"WebSocketPush":{"channel_id":1,"message_type":"Other"}})", R"({"WebSocketClose":1})"}) {
    EXPECT_EQ(error(body), malformed) << body;
  }
  EXPECT_EQ(error(R"({"WebSocketClose":{"channel_id":1}})"), "taken");
  EXPECT_EQ(error(R"({"Http":{"method":"G","url":"x","headers":{"h":")" + std::string(70'000, 'x') + R"("}}})"),
            malformed)
      << "too many bytes of headers";
}

TEST(Actions, NamesOfHeadersInTitleCase) {
  EXPECT_EQ(title_case("content-type"), "Content-Type");
  EXPECT_EQ(title_case("ETAG"), "Etag");
  EXPECT_EQ(title_case("x--a-"), "X--A-");
  EXPECT_EQ(title_case(""), "");
}

}  // namespace
}  // namespace kinode::modules::http_client
