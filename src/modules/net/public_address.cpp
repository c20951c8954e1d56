#include "modules/net/public_address.h"

#include <array>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

namespace kinode::modules::net {

namespace ip = boost::asio::ip;

namespace {

/// Of the registries of special-purpose addresses (RFC 6890).
constexpr std::array special_v4 = {"0.0.0.0/8",      "10.0.0.0/8",     "100.64.0.0/10", "127.0.0.0/8",
                                   "169.254.0.0/16", "172.16.0.0/12",  "192.0.0.0/24",  "192.0.2.0/24",
                                   "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
                                   "203.0.113.0/24", "224.0.0.0/3"};
/// Only these are in use for hosts on the internet, but for the second, which are examples.
constexpr const char* global_v6 = "2000::/3";
constexpr std::array special_v6 = {"2001:db8::/32", "2002::/16", "2001::/23"};

template <class Network, class Address>
bool contains(const Network& network, const Address& address) {
  return network.canonical() == Network(address, network.prefix_length()).canonical();
}

bool is_public_v4(const ip::address_v4& address) {
  for (const char* network : special_v4) {
    if (contains(ip::make_network_v4(network), address)) {
      return false;
    }
  }
  return true;
}

}  // namespace

bool is_public(const ip::address& address) {
  if (address.is_v4()) {
    return is_public_v4(address.to_v4());
  }
  if (address.to_v6().is_v4_mapped()) {
    return is_public_v4(ip::make_address_v4(ip::v4_mapped, address.to_v6()));
  }
  if (!contains(ip::make_network_v6(global_v6), address.to_v6())) {
    return false;
  }
  for (const char* network : special_v6) {
    if (contains(ip::make_network_v6(network), address.to_v6())) {
      return false;
    }
  }
  return true;
}

}  // namespace kinode::modules::net
