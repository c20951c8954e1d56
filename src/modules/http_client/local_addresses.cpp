#include "modules/http_client/local_addresses.h"

#include <ifaddrs.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

namespace kinode::modules::http_client {
namespace {

namespace ip = boost::asio::ip;

/// RFC 6890; the last are where clouds answer who asks from within: 169.254.169.254 is link-local already.
constexpr std::array local_v4 = {"0.0.0.0/8",   "127.0.0.0/8",        "169.254.0.0/16",
                                 "224.0.0.0/3", "100.100.100.200/32", "168.63.129.16/32"};
constexpr std::array local_v6 = {"::/127", "fe80::/10", "fec0::/10", "ff00::/8", "fd00:ec2::254/128"};
constexpr const char* nat64 = "64:ff9b::/96";

template <class Network, class Address>
bool contains(const Network& network, const Address& address) {
  return network.canonical() == Network(address, network.prefix_length()).canonical();
}

ip::address unwrapped(const ip::address& address) {
  if (!address.is_v6()) {
    return address;
  }
  const ip::address_v6 v6 = address.to_v6();
  if (v6.is_v4_mapped()) {
    return ip::make_address_v4(ip::v4_mapped, v6);
  }
  if (contains(ip::make_network_v6(nat64), ip::address_v6(v6.to_bytes()))) {
    const auto bytes = v6.to_bytes();
    return ip::address_v4({bytes[12], bytes[13], bytes[14], bytes[15]});
  }
  return ip::address_v6(v6.to_bytes());  // without the interface's number
}

bool is_of_interface(const sockaddr* own, const ip::address& address) {
  if (own == nullptr) {
    return false;
  }
  if (own->sa_family == AF_INET && address.is_v4()) {
    sockaddr_in v4{};
    std::memcpy(&v4, own, sizeof v4);
    return v4.sin_addr.s_addr == htonl(address.to_v4().to_uint());
  }
  if (own->sa_family == AF_INET6 && address.is_v6()) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, own, sizeof v6);
    return std::ranges::equal(std::span(v6.sin6_addr.s6_addr), address.to_v6().to_bytes());
  }
  return false;
}

bool is_own(const ip::address& address) {
  ifaddrs* first = nullptr;
  if (getifaddrs(&first) != 0) {
    return true;  // nothing is known: better refused
  }
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> list(first, &freeifaddrs);
  for (const ifaddrs* entry = first; entry != nullptr; entry = entry->ifa_next) {
    if (is_of_interface(entry->ifa_addr, address)) {
      return true;
    }
  }
  return false;
}

}  // namespace

bool is_local_address(const ip::address& given) {
  const ip::address address = unwrapped(given);
  const bool is_special =
      address.is_v4()
          ? std::ranges::any_of(
                local_v4, [&](const char* network) { return contains(ip::make_network_v4(network), address.to_v4()); })
          : std::ranges::any_of(
                local_v6, [&](const char* network) { return contains(ip::make_network_v6(network), address.to_v6()); });
  return is_special || is_own(address);
}

}  // namespace kinode::modules::http_client
