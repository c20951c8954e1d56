#include "modules/http_client/local_addresses.h"

#include <gtest/gtest.h>

namespace kinode::modules::http_client {
namespace {

bool is_local(const char* address) { return is_local_address(boost::asio::ip::make_address(address)); }

TEST(LocalAddresses, ThoseOfThisMachineAndNextToIt) {
  for (const char* address : {"127.0.0.1", "127.255.0.9", "0.0.0.0", "169.254.169.254", "224.0.0.1", "255.255.255.255",
                              "::1", "::", "fe80::1", "fe80::1%1", "ff02::1", "::ffff:127.0.0.1", "::ffff:169.254.1.1",
                              "64:ff9b::7f00:1", "100.100.100.200", "fd00:ec2::254"}) {
    EXPECT_TRUE(is_local(address)) << address;
  }
}

TEST(LocalAddresses, NotOthers) {
  for (const char* address : {"1.1.1.1", "10.254.253.252", "192.168.254.253", "172.31.254.253", "128.0.0.1",
                              "2606:4700::1111", "fd12:3456::1", "::ffff:1.1.1.1", "64:ff9b::101:101"}) {
    EXPECT_FALSE(is_local(address)) << address;
  }
}

}  // namespace
}  // namespace kinode::modules::http_client
