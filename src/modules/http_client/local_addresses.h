// Which IP addresses are of this machine or of what stands next to it, and so not for every process: what listens there
// trusts who can reach it.
#pragma once

#include <boost/asio/ip/address.hpp>

namespace kinode::modules::http_client {

/// Loopback, unspecified, link-local and multicast addresses, those of this machine's own interfaces now, and the
/// addresses at which clouds tell a machine its secrets. IPv4 addresses within IPv6 ones (mapped, NAT64) count as what
/// they are. Private networks are not among them. Any thread; asks the system.
bool is_local_address(const boost::asio::ip::address& address);

}  // namespace kinode::modules::http_client
