#include "modules/http_server/local_guard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/ip/address.hpp>

namespace kinode::modules {
namespace {

using testing::HasSubstr;

HttpPeer peer(const char* address) { return {boost::asio::ip::make_address(address), 5000}; }

HttpHead head(std::initializer_list<std::pair<const char*, const char*>> fields) {
  HttpHead head;
  head.set("Host", "localhost:8080");
  for (const auto& [name, value] : fields) {
    head.set(name, value);
  }
  return head;
}

std::string refusal(const HttpHead& head, const HttpPeer& from = peer("127.0.0.1")) {
  const auto result = check_local_program(head, from);
  return result ? "" : result.error().message;
}

TEST(LocalGuard, HostsOfThisMachine) {
  for (const char* host : {"localhost", "LOCALHOST:1", "localhost:8080", "127.0.0.1", "127.0.0.1:65535", "127.1.2.3",
                           "[::1]", "[::1]:8080"}) {
    EXPECT_TRUE(is_loopback_host(host)) << host;
  }
}

TEST(LocalGuard, OtherHosts) {
  for (const char* host : {"",
                           "evil.com",
                           "evil.com:8080",
                           "localhost.evil.com",
                           "localhost.",
                           "app.localhost",
                           "127.0.0.1.evil.com",
                           "127.0.0.1@evil.com",
                           "localhost:80@evil.com",
                           "localhost:",
                           "localhost:8080 ",
                           "192.168.1.1",
                           "0.0.0.0",
                           "127.1",
                           "2130706433",
                           "[::1",
                           "[::1]x",
                           "[::2]",
                           "::1",
                           "[localhost]",
                           "localhost:123456",
                           "[::ffff:192.168.1.1]"}) {
    EXPECT_FALSE(is_loopback_host(host)) << host;
  }
}

TEST(LocalGuard, ProgramsOnThisMachineMayPass) {
  EXPECT_EQ(refusal(head({})), "");
  EXPECT_EQ(refusal(head({{"Host", "localhost:9090"}}), peer("127.0.0.2")), "");
  EXPECT_EQ(refusal(head({{"Sec-Fetch-Site", "none"}})), "");
  EXPECT_EQ(refusal(HttpHead{}), "");  // HTTP/1.0
}

TEST(LocalGuard, OtherMachinesMayNot) {
  EXPECT_THAT(refusal(head({}), peer("192.168.1.7")), HasSubstr("machine"));
  EXPECT_THAT(refusal(head({}), peer("10.0.0.1")), HasSubstr("machine"));
}

TEST(LocalGuard, WebPagesMayNot) {
  EXPECT_THAT(refusal(head({{"Origin", "https://evil.com"}})), HasSubstr("Origin"));
  EXPECT_THAT(refusal(head({{"Origin", "null"}})), HasSubstr("Origin"));
  // The page of a package of this very node.
  EXPECT_THAT(refusal(head({{"Origin", "http://localhost:8080"}})), HasSubstr("Origin"));
  for (const char* site : {"cross-site", "same-site", "same-origin"}) {
    EXPECT_THAT(refusal(head({{"Sec-Fetch-Site", site}})), HasSubstr("Sec-Fetch-Site"));
  }
  EXPECT_THAT(refusal(head({{"Host", "rebound.evil.com:8080"}})), HasSubstr("Host"));
}

TEST(LocalGuard, ASecondHeaderOfTheSameNameCounts) {
  HttpHead two_hosts = head({});
  two_hosts.insert("Host", "rebound.evil.com");
  EXPECT_THAT(refusal(two_hosts), HasSubstr("rebound.evil.com"));
  HttpHead two_sites = head({{"Sec-Fetch-Site", "none"}});
  two_sites.insert("Sec-Fetch-Site", "cross-site");
  EXPECT_THAT(refusal(two_sites), HasSubstr("Sec-Fetch-Site"));
}

TEST(LocalGuard, WhatProxiesSendOnMayNot) {
  for (const char* name : {"X-Forwarded-For", "x-forwarded-proto", "X-FORWARDED-HOST", "Forwarded", "Via", "X-Real-IP",
                           "CF-Connecting-IP"}) {
    EXPECT_THAT(refusal(head({{name, "127.0.0.1"}})), HasSubstr("proxy")) << name;
  }
}

}  // namespace
}  // namespace kinode::modules
