#include <gtest/gtest.h>

#include "modules/net/line_gate.h"
#include "modules/net/public_address.h"
#include "modules/net/text.h"

namespace kinode::modules::net {
namespace {

TEST(Shown, B24_NothingReachesATerminalButText) {
  EXPECT_EQ(shown("hello, wörld", 100), "hello, wörld");
  EXPECT_EQ(shown("a\x1b[31mb\r\nc\x7f", 100), "a [31mb  c ");
  EXPECT_EQ(shown("a\xc2\x9b"
                  "31mb",
                  100),
            "a 31mb");
  EXPECT_EQ(shown("\xff\xfe", 100), "!!message parse error!!");
}

TEST(Shown, IsCutBetweenLetters) {
  EXPECT_EQ(shown("abcdef", 3), "abc…");
  EXPECT_EQ(shown("aöb", 2), "a…");
}

TEST(LineGate, ShowsAFewAndThenOneASecond) {
  LineGate gate;
  const auto start = LineGate::Clock::now();
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(gate.pass(start), 0U);
  }
  EXPECT_EQ(gate.pass(start), std::nullopt);
  EXPECT_EQ(gate.pass(start + std::chrono::milliseconds(900)), std::nullopt);
  EXPECT_EQ(gate.pass(start + std::chrono::milliseconds(1'100)), 2U);
  EXPECT_EQ(gate.pass(start + std::chrono::milliseconds(1'200)), std::nullopt);
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(gate.pass(start + std::chrono::hours(1)));
  }
  EXPECT_FALSE(gate.pass(start + std::chrono::hours(1)));
}

TEST(PublicAddress, B20_OnlyTheInternetAtLargeIsPublic) {
  for (const char* ip : {"93.184.216.34", "8.8.8.8", "2606:2800:220:1::1", "::ffff:8.8.8.8"}) {
    EXPECT_TRUE(is_public(boost::asio::ip::make_address(ip))) << ip;
  }
  for (const char* ip : {"127.0.0.1", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.1.1",
                         "0.0.0.0", "100.64.0.1", "224.0.0.1", "255.255.255.255", "::1", "fe80::1", "fc00::1",
                         "::ffff:127.0.0.1", "::", "ff02::1", "2001:db8::1", "2002:7f00:1::"}) {
    EXPECT_FALSE(is_public(boost::asio::ip::make_address(ip))) << ip;
  }
}

}  // namespace
}  // namespace kinode::modules::net
