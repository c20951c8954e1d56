#include "modules/http_client/url.h"

#include <gmock/gmock.h>

namespace kinode::modules::http_client {
namespace {

using ::testing::HasSubstr;

Url url(std::string_view text) { return Url::parse(text, Protocol::http).value(); }
std::string refusal(std::string_view text) {
  const Result<Url> parsed = Url::parse(text, Protocol::http);
  return parsed ? "taken: " + parsed->origin() : parsed.error().message;
}

TEST(Url, ItsParts) {
  const Url parsed = url(" HTTPS://Example.COM:8443/a/b?c=d#fragment ");
  EXPECT_TRUE(parsed.is_secure());
  EXPECT_EQ(parsed.host(), "example.com");
  EXPECT_EQ(parsed.port(), 8443);
  EXPECT_EQ(parsed.target(), "/a/b?c=d");
  EXPECT_EQ(parsed.host_field(), "example.com:8443");
  EXPECT_EQ(parsed.origin(), "https://example.com:8443");
  EXPECT_EQ(url("http://a").target(), "/");
  EXPECT_EQ(url("http://a?b").target(), "/?b");
  EXPECT_EQ(url("http://a:80").origin(), "http://a");
  EXPECT_EQ(url("https://a:80").host_field(), "a:80");
  EXPECT_EQ(url("http://[::1]:8080/").host(), "::1");
  EXPECT_EQ(url("http://[::1]:8080/").host_field(), "[::1]:8080");
  EXPECT_EQ(Url::parse("wss://a", Protocol::websocket)->port(), 443);
}

TEST(Url, LettersThatItMustNotHaveAreEscaped) {
  EXPECT_EQ(url("http://a/ü b|c?d[]={\"x\"}&50%").target(), "/%C3%BC%20b%7Cc?d%5B%5D=%7B%22x%22%7D&50%25");
  EXPECT_EQ(url("http://a/%41%zz").target(), "/%41%25zz");
}

TEST(Url, WhatIsRefused) {
  EXPECT_THAT(refusal(""), HasSubstr("no URL"));
  EXPECT_THAT(refusal("/path"), HasSubstr("no URL"));
  for (const char* text : {"http:?", "http:", "http:x", "http:/x", "http:?://", "http://", "http://?", "://",
                           "http://tp:a//./x", "http://[::1", "http://[::1]x/", "http://a:b:c/"}) {
    EXPECT_NE(refusal(text).substr(0, 5), "taken") << text;
  }
  EXPECT_THAT(refusal("ws://a"), HasSubstr("scheme"));
  EXPECT_THAT(refusal("http://a/\r\nX: y"), HasSubstr("control characters"));
  EXPECT_THAT(refusal("http://a:0/"), HasSubstr("port"));
  EXPECT_THAT(refusal("http://a:65536/"), HasSubstr("port"));
  EXPECT_THAT(refusal("http:///x"), HasSubstr("no host"));
  EXPECT_THAT(refusal("http://ü.de/"), HasSubstr("xn--"));
  EXPECT_THAT(refusal("http://%6c/"), HasSubstr("no host"));
  EXPECT_THAT(refusal("http://[::1%25eth0]/"), HasSubstr("IPv6"));
  EXPECT_THAT(refusal("http://a/" + std::string(Url::max_bytes, 'x')), HasSubstr("bytes"));
}

TEST(Url, AReferenceIsSeenFromWhereItStands) {
  const Url base = url("http://me:secret@a.b/c/d?e");
  EXPECT_EQ(base.resolve("f")->target(), "/c/f");
  EXPECT_EQ(base.resolve("/f?g")->target(), "/f?g");
  EXPECT_EQ(base.resolve("../../x")->target(), "/x");
  EXPECT_EQ(base.resolve("./x/../y/.")->target(), "/c/y/");
  EXPECT_EQ(base.resolve("?x")->target(), "/c/d?x");
  EXPECT_EQ(base.resolve("")->target(), "/c/d?e");
  EXPECT_FALSE(base.resolve("http:?"));
  EXPECT_EQ(base.resolve("//other/x")->origin(), "http://other");
  EXPECT_EQ(base.resolve("https://a.b/")->origin(), "https://a.b");
  EXPECT_EQ(base.resolve("/f")->authorization(), base.authorization());
  EXPECT_EQ(base.resolve("//other/x")->authorization(), std::nullopt);
  EXPECT_EQ(base.resolve("http://x:y@other/")->authorization(), std::nullopt) << "a server logs nobody in";
  EXPECT_FALSE(base.resolve("javascript:x"));
}

}  // namespace
}  // namespace kinode::modules::http_client
